// Small formats that runc's callers read or write: tables, sizes, durations, the lines of ps.

import { describe, expect, test } from "bun:test";
import { selectLines } from "../select-processes.ts";
import { parseDuration } from "./events.ts";
import { formatTable } from "./table.ts";
import { byteCount } from "./update.ts";

test("a table has columns of at least 12, as Go's tabwriter makes them", () => {
  expect(
    formatTable([
      ["ID", "STATUS"],
      ["a-rather-long-id", "running"],
    ]),
  ).toBe("ID                 STATUS      \na-rather-long-id   running     \n");
});

describe("sizes", () => {
  test.each([
    ["1048576", 1048576],
    ["512M", 536870912],
    ["1.5g", 1610612736],
    ["1GiB", 1073741824],
    ["10kb", 10240],
    ["7b", 7],
    ["-1", -1],
  ])("%s", (text, bytes) => {
    expect(byteCount(text)).toBe(bytes);
  });

  test("that are none are refused", () => {
    expect(byteCount(undefined)).toBeUndefined();
    expect(byteCount("")).toBeUndefined();
    for (const text of ["x", "-2", "1x", "M", "1 M M"]) {
      expect(() => byteCount(text)).toThrow("is not a size");
    }
  });
});

describe("durations", () => {
  test.each([
    ["5s", 5000],
    ["500ms", 500],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
  ])("%s", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(["0s", "5", "", "s", "-5s", "5s x"])("%j is none", (text) => {
    expect(() => parseDuration(text)).toThrow("duration interval must be greater than 0");
  });
});

test("of ps, the lines that are about the container stay", () => {
  const text =
    "UID   PID  PPID CMD\nroot    1     0 init\nroot   12     1 sh\nroot  112     1 12\n";
  expect(selectLines(text, [12])).toBe("UID   PID  PPID CMD\nroot   12     1 sh\n");
  expect(selectLines(text, [])).toBe("UID   PID  PPID CMD\n");
  expect(() => selectLines("CMD\nsh\n", [1])).toThrow("couldn't find PID field in ps output");
});
