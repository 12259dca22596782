import { expect, test } from "bun:test";
import { encodeHoldRequest, HOLD_REQUEST_OFFSETS } from "./hold-request.ts";

function flagsOf(request: Parameters<typeof encodeHoldRequest>[0]): number | undefined {
  return encodeHoldRequest(request)[HOLD_REQUEST_OFFSETS.flags / 4];
}

test("each wish is a bit of its own", () => {
  expect(flagsOf({})).toBe(0);
  expect(flagsOf({ primarySettles: true, isRecordBrief: false })).toBe(1);
  expect(flagsOf({ primarySettles: false, isRecordBrief: true })).toBe(4);
  expect(flagsOf({ primarySettles: true, isRecordBrief: true })).toBe(5);
  expect(flagsOf({ supervised: true })).toBe(2);
  expect(flagsOf({ stdoutStays: true })).toBe(8);
  expect(flagsOf({ stdoutStays: true, stderrStays: true })).toBe(24);
  expect(flagsOf({ stdinIsPrimarys: true })).toBe(32);
});
