// What a container uses, in the shape of runc's `events --stats`, which its clients parse.
//
// Go leaves out fields marked "omitempty" when they are 0 or empty: they are optional here and left
// out likewise. Counts beyond 2^53 ("no limit" is up to 2^64 - 1) are bigint.

import { type ContainerStats, emptyStats } from "./stats-types.ts";
import { readV1Stats } from "./stats-v1.ts";
import { readV2Stats } from "./stats-v2.ts";
import type { ContainerCgroup } from "./types.ts";

export function readStats(cgroup: ContainerCgroup): ContainerStats {
  switch (cgroup.tree) {
    case "none":
      return emptyStats();
    case "v1":
      return readV1Stats(cgroup.paths);
    case "v2":
      return readV2Stats(cgroup.path);
  }
}

/** JSON with every count exact, as Go's decoder of 64-bit integers needs it. */
export function encodeStats(stats: ContainerStats): string {
  return encodeValue(stats);
}

/** JSON.stringify knows no bigint. */
function encodeValue(value: unknown): string {
  if (typeof value === "bigint") {
    return value.toString();
  }
  if (Array.isArray(value)) {
    return `[${value.map(encodeValue).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value) ?? "null";
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const texts = members.map(([key, member]) => `${JSON.stringify(key)}:${encodeValue(member)}`);
  return `{${texts.join(",")}}`;
}
