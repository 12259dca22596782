import { expect, test } from "bun:test";
import { parseDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["1ms", 1],
  ["100us", 0.1],
  ["2h3m4s5ms", 7_384_005],
])("%p", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(["", "30", "s", "-5s", "5 s", "5sec", "1s2", "x1s", "1e3s", "1..5s"])(
  "%p is none",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
