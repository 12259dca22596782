import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_CREAT, O_RDONLY, O_WRONLY, RESOLVE_BENEATH } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import {
  byteStringOf,
  quoteByteString,
  readLinkByteAt,
  statByteAt,
  toByteString,
  tryOpenByteAt,
  tryOpenByteAt2,
} from "./byte-path.ts";
import { close, open } from "./file.ts";

let folder = "";
let folderFd = -1;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "byte-path-"));
  folderFd = open(folder, O_RDONLY);
});

afterAll(() => {
  close(folderFd);
  rmSync(folder, { recursive: true });
});

function create(name: string): void {
  const fd = tryOpenByteAt(folderFd, name, O_WRONLY | O_CREAT, 0o600);
  expect(fd).toBeGreaterThan(0);
  close(fd);
}

test("names of ASCII, of UTF-8 and of neither reach the disk byte for byte", () => {
  const names = ["plain", toByteString("déjà-vu 猫"), "\xff\xfe\x80", `${"x".repeat(250)}\xe9`];
  for (const name of names) {
    create(name);
  }
  const onDisk = readdirSync(folder, { encoding: "buffer" }).map((name) => byteStringOf(name));
  expect(onDisk.sort()).toEqual([...names].sort());
});

test("a readable form for messages", () => {
  expect(quoteByteString(toByteString("déjà\n"))).toBe('"déjà\\n"');
  expect(quoteByteString("a\xffb")).toBe('"a\u{fffd}b"');
});

test("status: undefined for what is missing, times before 1970 and after 2038", () => {
  expect(statByteAt(folderFd, "missing")).toBeUndefined();
  writeFileSync(join(folder, "old"), "12345");
  expect(Bun.spawnSync(["touch", "-d", "@-1.5", join(folder, "old")]).exitCode).toBe(0);
  const status = statByteAt(folderFd, "old");
  expect(status?.modified).toEqual({ seconds: -2, nanoseconds: 500_000_000 });
  expect(status?.size).toBe(5);
  expect(statByteAt(folderFd, "old/below")).toBeUndefined();
  utimesSync(join(folder, "old"), 4_400_000_000, 4_400_000_000);
  expect(statByteAt(folderFd, "old")?.modified.seconds).toBe(4_400_000_000);
});

test("links: read as bytes, and never left by openat2", () => {
  symlinkSync(Buffer.from([0x2f, 0xff]), join(folder, "link"));
  expect(readLinkByteAt(folderFd, "link")).toBe("/\xff");
  symlinkSync("/etc/passwd", join(folder, "escape"));
  const how = { flags: O_RDONLY, resolve: RESOLVE_BENEATH };
  expect(tryOpenByteAt2(folderFd, "escape", how)).toBe(-Errno.EXDEV);
});

test("a NUL or an endless path never reaches the kernel", () => {
  expect(() => statByteAt(folderFd, "a\0b")).toThrow("it contains a NUL");
  expect(() => statByteAt(folderFd, "x".repeat(9000))).toThrow("it is too long");
});
