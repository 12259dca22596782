import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readExitRecord } from "../../holder/exit-record.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { readContainerRecord, readStartRecord } from "./container-record.ts";
import { readExecRecord } from "./exec-record.ts";

const folder = mkdtempSync(join(tmpdir(), "container-record-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ["nothing", ""],
  ["zeros", "\0\0\0\0"],
])("a power cut has left %s of what was not forced to the disk", (_, content) => {
  for (const name of ["container.json", "started.json", "exec.json"]) {
    writeFileSync(join(folder, name), content);
  }
  using opened = new OwnedFd(open(folder, 0));
  expect(readContainerRecord(opened.number)).toBeUndefined();
  expect(readStartRecord(opened.number)?.holderPid).toBe(0);
  expect(readExecRecord(opened.number)).toBeUndefined();
});

test("and of the record of an end", () => {
  writeFileSync(join(folder, "exit.json"), "");
  using opened = new OwnedFd(open(folder, 0));
  expect(readExitRecord(opened.number)).toBeUndefined();
});
