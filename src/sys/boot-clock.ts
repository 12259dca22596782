// The clock that runs from boot, also while the machine sleeps, and that nobody sets: the one by which the
// kernel tells when a process was started.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { getU64, words } from "./memory.ts";

const CLOCK_BOOTTIME = 7;
/** USER_HZ, which is 100 wherever Linux has a processor that we know. */
const MS_A_TICK = 10;

/** Milliseconds since boot. */
export function bootMs(): number {
  const time = words(4);
  checked(call("clock_gettime", CLOCK_BOOTTIME, addressOf(time)), "read", "the clock");
  return getU64(time, 0) * 1000 + getU64(time, 2) / 1_000_000;
}

/** When a process was started, of ProcessStat.startTime. */
export function startedBootMs(startTime: string): number {
  return Number(startTime) * MS_A_TICK;
}
