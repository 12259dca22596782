// Waiting for descriptors while the whole process stands still: for short commands, which have
// nothing else to do. Programs with an event loop use waiting.ts.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { setU64, words } from "./memory.ts";

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
  const table = words(awaited.length * 2);
  awaited.forEach(({ fd, events }, index) => {
    table[index * 2] = fd;
    table[index * 2 + 1] = events;
  });
  const timeout = words(4);
  if (timeoutMs !== undefined) {
    setU64(timeout, 0, Math.floor(timeoutMs / 1000));
    setU64(timeout, 2, Math.floor((timeoutMs % 1000) * 1_000_000));
  }
  const timeoutAddress = timeoutMs === undefined ? 0 : addressOf(timeout);
  const result = call("ppoll", addressOf(table), awaited.length, timeoutAddress, 0, 8);
  checked(result, "wait for", "descriptors");
  return awaited.map((_, index) => (table[index * 2 + 1] ?? 0) >>> 16);
}
