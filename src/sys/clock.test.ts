import { expect, test } from "bun:test";
import { bootMs, startedBootMs } from "./clock.ts";
import { readProcessStat } from "./process.ts";

test("this process was started before now, and not long ago", () => {
  const started = startedBootMs(readProcessStat(process.pid)?.startTime ?? "");
  const now = bootMs();
  expect(started).toBeGreaterThan(0);
  expect(started).toBeLessThanOrEqual(now);
  expect(now - started).toBeLessThan(600_000);
});
