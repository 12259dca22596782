// The time of day to the nanosecond, which JavaScript's own clock does not tell.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { getU64, words } from "./memory.ts";

const CLOCK_REALTIME = 0;
const SECONDS_LENGTH = "2026-11-29T18:24:57".length;

/** RFC 3339 in UTC with nine decimals: such texts sort as times do. */
export function timeOfDay(): string {
  const time = words(4);
  checked(call("clock_gettime", CLOCK_REALTIME, addressOf(time)), "read", "the clock");
  const seconds = new Date(getU64(time, 0) * 1000).toISOString().slice(0, SECONDS_LENGTH);
  return `${seconds}.${String(getU64(time, 2)).padStart(9, "0")}Z`;
}
