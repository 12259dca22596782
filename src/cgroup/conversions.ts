// Limits of config.json, which counts as cgroup v1 does, in the units of cgroup v2.

import { OcicatError } from "../error/ocicat-error.ts";
import type { MemoryResources } from "../oci/resources.ts";

const LEAST_SHARES = 2;
export const GREATEST_SHARES = 262_144;
const GREATEST_WEIGHT = 10_000;

/**
 * cpu.weight for cpu.shares: a curve through (2, 1), (1024, 100) and (262144, 10000), in place of the
 * older straight line that gave 1024 a weight of 39. 0 stays "not set".
 */
export function cpuWeightFromShares(shares: number): number {
  if (shares === 0) {
    return 0;
  }
  if (shares <= LEAST_SHARES) {
    return 1;
  }
  if (shares >= GREATEST_SHARES) {
    return GREATEST_WEIGHT;
  }
  const magnitude = Math.log2(shares);
  const exponent = (magnitude * magnitude + 125 * magnitude) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent);
}

/** io.weight (1 to 10000) for a blkio weight (10 to 1000). 0 stays "not set". */
export function ioWeightFromBlkio(weight: number): number {
  return weight === 0 ? 0 : 1 + Math.trunc(((weight - 10) * 9999) / 990);
}

/**
 * The content of memory.swap.max, which counts swap alone, for limits that count memory and swap
 * together; undefined: leave it as it is.
 */
export function swapMax({ limit = 0, swap = 0 }: MemoryResources): number | "max" | undefined {
  if (swap === -1 || (swap === 0 && limit === -1)) {
    return "max";
  }
  if (swap === 0) {
    return undefined;
  }
  if (limit === -1) {
    return swap;
  }
  if (limit === 0) {
    throw wrongSwap("unable to set swap limit without memory limit");
  }
  if (limit < 0 || swap < limit) {
    throw wrongSwap("memory+swap limit should be >= memory limit");
  }
  return swap - limit;
}

function wrongSwap(reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "set",
    subject: "linux.resources.memory.swap",
    reason,
  });
}
