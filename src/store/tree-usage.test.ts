import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AT_FDCWD } from "../abi/file.ts";
import { TreeUsage } from "./tree-usage.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-usage-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function du(path: string): number {
  const result = Bun.spawnSync(["du", "--summarize", "--one-file-system", "--block-size=1", path]);
  expect(result.exitCode).toBe(0);
  return Number.parseInt(result.stdout.toString(), 10);
}

test("a tree takes what du says: sparse files, hard links, links, many levels", () => {
  const deep = join(folder, ...Array.from({ length: 300 }, () => "d"));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, "file"), new Uint8Array(123_456));
  linkSync(join(deep, "file"), join(folder, "again"));
  writeFileSync(join(folder, "sparse"), "x");
  truncateSync(join(folder, "sparse"), 1e9);
  symlinkSync("/usr", join(folder, "link"));
  for (let index = 0; index < 300; index += 1) {
    writeFileSync(join(folder, "d", `${index}-${"é".repeat(50)}`), "content");
  }
  expect(new TreeUsage().of(AT_FDCWD, folder)).toBe(du(folder));
});

test("what is not there takes nothing; what was counted is not counted again", () => {
  writeFileSync(join(folder, "a"), new Uint8Array(10_000));
  linkSync(join(folder, "a"), join(folder, "b"));
  const usage = new TreeUsage();
  expect(usage.of(AT_FDCWD, join(folder, "nothing"))).toBe(0);
  expect(usage.of(AT_FDCWD, join(folder, "a"))).toBe(du(join(folder, "a")));
  expect(usage.of(AT_FDCWD, join(folder, "b"))).toBe(0);
});
