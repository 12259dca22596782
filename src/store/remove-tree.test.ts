import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../abi/file.ts";
import { bytePath } from "../sys/byte-path.ts";
import { call, observeCalls } from "../sys/call.ts";
import { close, open, openAt } from "../sys/file.ts";
import { removeTree } from "./remove-tree.ts";

let folder = "";
let folderFd = -1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-remove-"));
  folderFd = open(folder, O_RDONLY);
});

afterEach(() => {
  close(folderFd);
  rmSync(folder, { recursive: true, force: true });
});

test("nothing, a file, a link to a directory", () => {
  mkdirSync(join(folder, "kept"));
  writeFileSync(join(folder, "kept", "file"), "");
  writeFileSync(join(folder, "file"), "");
  symlinkSync("kept", join(folder, "link"));
  for (const name of ["nothing", "file", "link"]) {
    removeTree(folderFd, name);
  }
  expect(readdirSync(folder)).toEqual(["kept"]);
  expect(readdirSync(join(folder, "kept"))).toEqual(["file"]);
});

test("links inside are removed, not followed", () => {
  mkdirSync(join(folder, "kept"));
  writeFileSync(join(folder, "kept", "file"), "");
  mkdirSync(join(folder, "tree", "a"), { recursive: true });
  symlinkSync(join(folder, "kept"), join(folder, "tree", "a", "link"));
  symlinkSync("..", join(folder, "tree", "a", "up"));
  removeTree(folderFd, "tree");
  expect(readdirSync(folder)).toEqual(["kept"]);
  expect(readdirSync(join(folder, "kept"))).toEqual(["file"]);
});

test("many levels, many names, names that are no UTF-8, directories nobody may enter", () => {
  mkdirSync(join(folder, "tree"));
  let fd = openAt(folderFd, "tree", O_RDONLY);
  for (let level = 0; level < 3000; level += 1) {
    expect(call("mkdirat", fd, bytePath("\xff"), 0o700)).toBe(0);
    const next = call("openat", fd, bytePath("\xff"), O_RDONLY);
    close(fd);
    fd = next;
  }
  close(fd);
  mkdirSync(join(folder, "tree", "wide"));
  for (let index = 0; index < 1000; index += 1) {
    writeFileSync(join(folder, "tree", "wide", `file-${index}`), "");
  }
  chmodSync(join(folder, "tree", "wide"), 0);
  removeTree(folderFd, "tree");
  expect(readdirSync(folder)).toEqual([]);
});

test("what an interrupted removal left aside is no obstacle", () => {
  mkdirSync(join(folder, "tree", "a"), { recursive: true });
  mkdirSync(join(folder, "tree.removed-1", "leftover"), { recursive: true });
  removeTree(folderFd, "tree");
  expect(readdirSync(folder)).toEqual(["tree.removed-1"]);
});

test("nothing is made to remove empty directories", () => {
  for (const path of ["empty", "tree/a", "tree/b"]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  const calls: string[] = [];
  observeCalls((_, name) => calls.push(name));
  removeTree(folderFd, "empty");
  removeTree(folderFd, "tree");
  observeCalls(undefined);
  expect(readdirSync(folder)).toEqual([]);
  expect(calls).not.toContain("renameat2");
});

test("names are not all read before the first of them goes: there may be millions", () => {
  mkdirSync(join(folder, "tree"));
  for (let number = 0; number < 3000; number += 1) {
    writeFileSync(join(folder, "tree", String(number)), "");
  }
  const calls: string[] = [];
  observeCalls((_, name) => calls.push(name));
  removeTree(folderFd, "tree");
  observeCalls(undefined);
  expect(readdirSync(folder)).toEqual([]);
  const second = calls.indexOf("getdents64", calls.indexOf("getdents64") + 1);
  expect(calls.slice(0, second).filter((name) => name === "unlinkat").length).toBeGreaterThan(500);
});
