// Standing still for a while, for the bounded waits of short commands where the kernel offers nothing
// to wait for.

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { setU64, words } from "./memory.ts";

export function pause(milliseconds: number): void {
  const duration = words(4);
  setU64(duration, 0, Math.floor(milliseconds / 1000));
  setU64(duration, 2, Math.floor((milliseconds % 1000) * 1_000_000));
  call("nanosleep", addressOf(duration), 0);
}
