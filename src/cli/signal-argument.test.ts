import { expect, test } from "bun:test";
import { parseSignal } from "./signal-argument.ts";

test.each([
  ["KILL", 9],
  ["SIGKILL", 9],
  ["sigterm", 15],
  ["9", 9],
  ["0", 0],
  ["64", 64],
  ["RTMIN", 34],
  ["SIGRTMIN+3", 37],
  ["RTMAX-1", 63],
  ["WINCH", 28],
  ["IOT", 6],
])("%s is %d", (text, signal) => {
  expect(parseSignal(text)).toBe(signal);
});

test.each([
  "FOO",
  "",
  "SIG",
  "65",
  "-9",
  "1.5",
  "KILL+1",
  "RTMIN-1",
  "RTMAX+1",
  "RTMIN+",
  "constructor",
])("%j is none", (text) => {
  expect(() => parseSignal(text)).toThrow(`unknown signal ${JSON.stringify(text)}`);
});
