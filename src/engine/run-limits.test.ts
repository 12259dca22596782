import { expect, test } from "bun:test";
import { needsFirstVersion, type RunLimits } from "./run-limits.ts";

test.each<[RunLimits, boolean]>([
  [{}, false],
  [{ pids: 5 }, false],
  [{ waitsForMemory: false }, false],
  [{ waitsForMemory: true }, true],
  [{ swappiness: 0 }, true],
  [{ swappiness: 0, realtimePeriod: 1000 }, true],
  [{ realtimeRuntime: 500 }, true],
])("the limits %j need cgroups of version 1: %p", (limits, expected) => {
  expect(needsFirstVersion(limits)).toBe(expected);
});
