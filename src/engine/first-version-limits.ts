// Limits that cgroups of version 1 alone have. The runtime leaves them out elsewhere, as its specification
// demands; who asks for one by a flag is told.

import { detectCgroupHost } from "../cgroup/detect.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { RunLimits } from "./run-limits.ts";

const FLAGS = [
  ["swappiness", "--memory-swappiness"],
  ["realtimePeriod", "--cpu-rt-period"],
  ["realtimeRuntime", "--cpu-rt-runtime"],
  ["waitsForMemory", "--oom-kill-disable"],
] as const satisfies readonly (readonly [keyof RunLimits, string])[];

/** Throws "unsupported" where they can't be had. */
export function requireFirstVersion(limits: RunLimits): void {
  const [, flag] = FLAGS.find(([name]) => (limits[name] ?? false) !== false) ?? [];
  if (flag !== undefined && detectCgroupHost().layout === "v2") {
    throw new OcicatError("unsupported", {
      operation: "use",
      subject: flag,
      reason: "this host has cgroups of version 2, which have no such limit",
    });
  }
}
