// Waiting for descriptors while the whole process stands still: for short commands, which have
// nothing else to do. Programs with an event loop use waiting.ts.
//
// Between a key and its echo a client waits four times, in an engine that compiles nothing: what can be made
// once is.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { setU64, words } from "./memory.ts";

const SIGNAL_SET_BYTES = 8;

export interface Awaited {
  readonly fd: number;
  /** POLLIN, POLLOUT. */
  readonly events: number;
}

/** struct pollfd: a descriptor, and 16 bits each of what is awaited and what happened. */
interface PollTable {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly address: number;
}

const SMALL_COUNT = 8;
let smallTable: PollTable | undefined;
/** No time at all. */
let smallTimeout: Uint32Array<ArrayBuffer> | undefined;

function newTable(count: number): PollTable {
  const table = words(count * 2);
  return { words: table, address: addressOf(table) };
}

/** Nobody else waits while this process stands still: one table is enough for all. */
function tableFor(count: number): PollTable {
  if (count > SMALL_COUNT) {
    return newTable(count);
  }
  smallTable ??= newTable(SMALL_COUNT);
  return smallTable;
}

/**
 * The events of each descriptor (0: nothing yet), in order. Waits until at least one is ready, or
 * `timeoutMs` milliseconds; without a timeout, for ever.
 */
export function poll(awaited: readonly Awaited[], timeoutMs?: number): number[] {
  const count = awaited.length;
  const { words: table, address } = tableFor(count);
  for (let index = 0; index < count; index++) {
    const each = awaited[index];
    table[2 * index] = each?.fd ?? -1;
    table[2 * index + 1] = each?.events ?? 0;
  }
  const timeout = timeoutMs === undefined ? 0 : timeoutAddress(timeoutMs);
  checked(call("ppoll", address, count, timeout, 0, SIGNAL_SET_BYTES), "wait for", "descriptors");
  const happened: number[] = [];
  for (let at = 1; at < count * 2; at += 2) {
    happened.push((table[at] ?? 0) >>> 16);
  }
  return happened;
}

/** Whether it is now. */
export function isReady({ fd, events }: Awaited): boolean {
  const { words: table, address } = tableFor(1);
  table[0] = fd;
  table[1] = events;
  smallTimeout ??= words(4);
  const result = call("ppoll", address, 1, addressOf(smallTimeout), 0, SIGNAL_SET_BYTES);
  return checked(result, "look at", "a descriptor") !== 0;
}

function timeoutAddress(ms: number): number {
  const timespec = words(4);
  setU64(timespec, 0, Math.floor(ms / 1000));
  setU64(timespec, 2, Math.floor((ms % 1000) * 1_000_000));
  return addressOf(timespec);
}
