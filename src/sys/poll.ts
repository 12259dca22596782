// Waiting for descriptors while the whole process stands still: for short commands, which have
// nothing else to do. Programs with an event loop use waiting.ts.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { setU64, words } from "./memory.ts";

const SIGNAL_SET_BYTES = 8;

export interface Awaited {
  readonly fd: number;
  /** POLLIN, POLLOUT. */
  readonly events: number;
}

/**
 * The events of each descriptor (0: nothing yet), in order. Waits until at least one is ready, or
 * `timeoutMs` milliseconds; without a timeout, for ever.
 */
export function poll(awaited: readonly Awaited[], timeoutMs?: number): number[] {
  const count = awaited.length;
  const table = words(count * 2);
  let at = 0;
  for (const { fd, events } of awaited) {
    table[at] = fd;
    table[at + 1] = events;
    at += 2;
  }
  const timeout = timeoutMs === undefined ? undefined : timespecOf(timeoutMs);
  const timeoutAddress = timeout === undefined ? 0 : addressOf(timeout);
  const result = call("ppoll", addressOf(table), count, timeoutAddress, 0, SIGNAL_SET_BYTES);
  checked(result, "wait for", "descriptors");
  const happened: number[] = [];
  for (at = 1; at < count * 2; at += 2) {
    happened.push((table[at] ?? 0) >>> 16);
  }
  return happened;
}

function timespecOf(ms: number): Uint32Array<ArrayBuffer> {
  const timespec = words(4);
  setU64(timespec, 0, Math.floor(ms / 1000));
  setU64(timespec, 2, Math.floor((ms % 1000) * 1_000_000));
  return timespec;
}
