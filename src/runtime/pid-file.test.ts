import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePidFile } from "./pid-file.ts";

const folder = mkdtempSync(join(tmpdir(), "pid-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a file is replaced as a whole, and has nothing beside it", () => {
  const path = join(folder, "pid");
  writePidFile(path, 123);
  writePidFile(path, 45);
  expect(readFileSync(path, "utf8")).toBe("45");
  expect(readdirSync(folder)).toEqual(["pid"]);
});

test.skipIf(!existsSync("/dev/shm"))("what is in /dev stays what it is (needs /dev/shm)", () => {
  const devices = mkdtempSync("/dev/shm/pid-file-");
  const path = join(devices, "null");
  try {
    symlinkSync("/dev/null", path);
    writePidFile(path, 123);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readdirSync(devices)).toEqual(["null"]);
  } finally {
    rmSync(devices, { recursive: true });
  }
});
