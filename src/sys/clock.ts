// The kernel's clocks: the time of day to the nanosecond, which JavaScript's own clock does not tell,
// and the clock that runs from boot, also while the machine sleeps, and that nobody sets. By that one
// the kernel tells when a process was started.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { getU64, words } from "./memory.ts";

const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;
/** USER_HZ, which is 100 wherever Linux has a processor that we know. */
const MS_A_TICK = 10;
const SECONDS_LENGTH = "2026-11-29T18:24:57".length;

/** RFC 3339 in UTC with nine decimals: such texts sort as times do. */
export function timeOfDay(): string {
  const { seconds, nanoseconds } = readClock(CLOCK_REALTIME);
  const text = new Date(seconds * 1000).toISOString().slice(0, SECONDS_LENGTH);
  return `${text}.${String(nanoseconds).padStart(9, "0")}Z`;
}

/** Milliseconds since boot. */
export function bootMs(): number {
  const { seconds, nanoseconds } = readClock(CLOCK_BOOTTIME);
  return seconds * 1000 + nanoseconds / 1_000_000;
}

/** When a process was started, of ProcessStat.startTime. */
export function startedBootMs(startTime: string): number {
  return Number(startTime) * MS_A_TICK;
}

interface ClockTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

function readClock(clock: number): ClockTime {
  const time = words(4);
  checked(call("clock_gettime", clock, addressOf(time)), "read", "the clock");
  return { seconds: getU64(time, 0), nanoseconds: getU64(time, 2) };
}
