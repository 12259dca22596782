import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../abi/file.ts";
import { observeCalls } from "./call.ts";
import { OwnedFd, open, replaceBriefFileAt, replaceFileAt } from "./file.ts";

let path = "";
let folder: OwnedFd;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "ocicat-file-"));
  folder = new OwnedFd(open(path, O_RDONLY));
});

afterEach(() => {
  folder[Symbol.dispose]();
  rmSync(path, { recursive: true });
});

const WAYS: readonly [string, typeof replaceFileAt][] = [
  ["by a rename", replaceFileAt],
  ["by an exchange", replaceBriefFileAt],
];

test.each(WAYS)("%s: the first content, another, and after a killed process", (_, replace) => {
  const read = () => readFileSync(join(path, "name"), "utf8");
  replace(folder.number, "name", "the first");
  expect(read()).toBe("the first");
  replace(folder.number, "name", "2nd");
  expect(read()).toBe("2nd");
  writeFileSync(join(path, ".name.new"), "longer than what follows", { mode: 0o600 });
  replace(folder.number, "name", "the third");
  expect(read()).toBe("the third");
  expect(readdirSync(path)).toEqual(["name"]);
  expect(statSync(join(path, "name")).mode & 0o777).toBe(0o600);
});

test("a brief file is not renamed over the one that is there", () => {
  replaceBriefFileAt(folder.number, "name", "1");
  const before = statSync(join(path, "name")).ino;
  const calls: string[] = [];
  observeCalls((_, name) => calls.push(name));
  replaceBriefFileAt(folder.number, "name", "2");
  observeCalls(undefined);
  expect(calls).toEqual(["openat", "write", "close", "renameat2", "unlinkat"]);
  expect(statSync(join(path, "name")).ino).not.toBe(before);
});
