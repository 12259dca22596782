import { expect, test } from "bun:test";
import { signalNumber } from "./stop-signal.ts";

test.each<[string, number | undefined]>([
  ["SIGTERM", 15],
  ["TERM", 15],
  ["3", 3],
  ["SIGRTMIN+3", 37],
  ["RTMAX-1", 63],
  ["0", undefined],
  ["65", undefined],
  ["SIGNONE", undefined],
  ["", undefined],
])("%p is %p", (text, number) => {
  expect(signalNumber(text)).toBe(number);
});
