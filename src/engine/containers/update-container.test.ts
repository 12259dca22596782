import { expect, test } from "bun:test";
import { mergedLimits } from "./update-container.ts";

test("limits that are not named stay; the later way to limit CPU time counts", () => {
  expect(mergedLimits({ memory: 1, pids: 2 }, { memory: 3 })).toEqual({ memory: 3, pids: 2 });
  expect(mergedLimits({ cpuPeriod: 1000, cpuQuota: 500 }, { cpus: 1 })).toEqual({ cpus: 1 });
  expect(mergedLimits({ cpus: 1, pids: 2 }, { cpuQuota: 500 })).toEqual({ cpuQuota: 500, pids: 2 });
  expect(mergedLimits({ cpus: 1 }, { memory: 3 })).toEqual({ cpus: 1, memory: 3 });
});
