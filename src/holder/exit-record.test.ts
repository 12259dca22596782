import { expect, test } from "bun:test";
import { parseExitRecord } from "./exit-record.ts";

const RECORD =
  '{"version":1,"pid":4242,"how":"code","status":3,"seconds":1732500000,"nanoseconds":42,"oomKills":7}\n';

test("the record of the first version", () => {
  expect(parseExitRecord(RECORD)).toEqual({
    pid: 4242,
    status: { code: 3 },
    finishedAt: { seconds: 1732500000, nanoseconds: 42 },
    oomKills: 7,
  });
});

test("a holder of an earlier version has not counted kills for want of memory", () => {
  expect(parseExitRecord(RECORD.replace(',"oomKills":7', "")).oomKills).toBe(0);
});

test("ended by a signal, or nobody knows how", () => {
  expect(parseExitRecord(RECORD.replace("code", "signal")).status).toEqual({ signal: 3 });
  expect(parseExitRecord(RECORD.replace("code", "unknown")).status).toBeUndefined();
});

test.each([
  ["", "it is not JSON"],
  ["[]", "it is not an object"],
  [RECORD.replace("1,", "2,"), "version is not a number from 0 to 1"],
  [RECORD.replace("1,", "0,"), "version is not 1"],
  [RECORD.replace("4242", "-1"), "pid is not a number"],
  [RECORD.replace("code", "else"), "how is not"],
  [RECORD.replace(":3", ":256"), "status is not a number from 0 to 255"],
  [RECORD.replace(":42,", ":1000000000,"), "nanoseconds is not"],
  [RECORD.replace(',"seconds":1732500000', ""), "seconds is not"],
])("refuses %p", (text, reason) => {
  expect(() => parseExitRecord(text)).toThrow(reason);
});

test("refuses every truncation", () => {
  for (let length = 0; length < RECORD.length - 2; length++) {
    expect(() => parseExitRecord(RECORD.slice(0, length))).toThrow("it is not JSON");
  }
});
