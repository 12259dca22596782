import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OwnedFd, open } from "../../sys/file.ts";
import { mendLog } from "./mend-log.ts";

const MARK = "output may be missing here, at most 16384 bytes: the container's holder was killed";
const entry = (stream: string, tag: string, text: string): string =>
  `2026-11-29T15:04:05.000000042Z ${stream} ${tag} ${text}\n`;

/** What is added, without the times. */
function mended(log: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mend-log-"));
  try {
    writeFileSync(join(folder, "log"), log);
    using opened = new OwnedFd(open(folder, 0));
    mendLog(opened.number, "log");
    return readFileSync(join(folder, "log"), "utf8").replaceAll(/^\S{30} /gm, "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ["an empty log", "", ""],
  ["whole lines", entry("stdout", "F", "one"), "stdout F one\n"],
  ["an entry that was begun", `${entry("stdout", "F", "one")}2026-11-29T15:0`, "stdout F one\n"],
  [
    "one that is cut in its content",
    `${entry("stderr", "F", "x")}${entry("stdout", "F", "y").slice(0, -1)}`,
    "stderr F x\n",
  ],
  ["an open line", entry("stdout", "P", "on"), "stdout P on\nstdout F \n"],
  [
    "an open line of the other stream",
    `${entry("stderr", "P", "on")}${entry("stdout", "F", "x")}`,
    "stderr P on\nstdout F x\nstderr F \n",
  ],
  [
    "one that was ended",
    `${entry("stdout", "P", "on")}${entry("stdout", "F", "e")}`,
    "stdout P on\nstdout F e\n",
  ],
])("%s", (_, log, wanted) => {
  expect(mended(log)).toBe(`${wanted}stderr F ${MARK}\n`);
});

test("a log that is longer than what is looked at", () => {
  const long = entry("stdout", "F", "x".repeat(16_000)).repeat(20);
  const wanted = `stdout F ${"x".repeat(16_000)}\n`.repeat(20);
  expect(mended(`${long}cut`)).toBe(`${wanted}stderr F ${MARK}\n`);
});

test("no log", () => {
  using opened = new OwnedFd(open("/", 0));
  expect(() => mendLog(opened.number, "there-is-none")).not.toThrow();
});
