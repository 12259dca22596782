import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../abi/file.ts";
import { openDirectoryEntries, readOpenDirectory } from "./directory.ts";
import { OwnedFd, open } from "./file.ts";

test("a directory that is removed while it is open has nothing in it", () => {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-directory-"));
  writeFileSync(join(folder, "file"), "");
  using directory = new OwnedFd(open(folder, O_RDONLY));
  expect(readOpenDirectory(directory.number, "a folder")).toEqual([{ name: "file", type: "file" }]);
  rmSync(join(folder, "file"));
  rmdirSync(folder);
  expect(readOpenDirectory(directory.number, "a folder")).toEqual([]);
});

test("entries are read some at a time, and may be removed meanwhile", () => {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-directory-"));
  const count = 3000;
  for (let number = 0; number < count; number += 1) {
    writeFileSync(join(folder, String(number)), "");
  }
  using directory = new OwnedFd(open(folder, O_RDONLY));
  let seen = 0;
  for (const { name } of openDirectoryEntries(directory.number, "a folder")) {
    rmSync(join(folder, name));
    seen += 1;
  }
  expect([seen, readdirSync(folder)]).toEqual([count, []]);
  rmSync(folder, { recursive: true });
});
