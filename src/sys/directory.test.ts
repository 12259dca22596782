import { expect, test } from "bun:test";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../abi/file.ts";
import { readOpenDirectory } from "./directory.ts";
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
