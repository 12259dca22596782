// The only native entry of the TypeScript program: the functions of native/entry.c, or, in the quick program,
// of native/quick.c, which say what they do.

import { type Architecture, architectureNamed } from "../abi/architecture.ts";
import { loadEntry, type NativeEntry } from "./native-entry.ts";

/** The architecture that this process runs on. */
export const hostArchitecture: Architecture = architectureNamed(
  process.arch === "arm64" ? "aarch64" : "x86_64",
);

let entry: NativeEntry | undefined;

/** Loaded at the first call, so that importing this file does nothing. */
function native(): NativeEntry {
  entry ??= loadEntry();
  return entry;
}

/** One raw system call; arguments that are left out are 0. Returns its result, or -errno; never throws. */
// biome-ignore lint/complexity/useMaxParams: a system call has a number and six arguments
export function rawSyscall(
  number: number,
  a0?: number,
  a1?: number,
  a2?: number,
  a3?: number,
  a4?: number,
  a5?: number,
): number {
  return native().syscall(number, a0, a1, a2, a3, a4, a5);
}

/** See native/entry.c. `list` is the address of `count` entries of eight 64-bit words. */
export function rawSpawn(list: number, count: number, flags: number): number {
  return native().spawn(list, count, flags);
}

/** Signals 1 to 32 in the first word, signal N being bit N - 1; 33 to 64 in the second. */
export type SignalSet = readonly [low: number, high: number];

/** See native/signals.h. `before` is the address of 65 structures of eight words. Returns 0, or -errno. */
export function rawCatchSignals([low, high]: SignalSet, fd: number, before: number): number {
  return native().catchSignals(low, high, fd, before);
}

export function rawRestoreSignals([low, high]: SignalSet, before: number): void {
  native().restoreSignals(low, high, before);
}

/** See native/relay.h. `relay` is the address of a structure of RELAY_BYTES. Returns why it ended. */
export function rawRelay(relay: number): number {
  return native().relay(relay);
}

interface KeptBuffers {
  readonly most: number;
  readonly buffers: NodeJS.TypedArray[];
  next: number;
}

/**
 * Buffers whose addresses were given out last. The compiler may see that a buffer is not used any more
 * once its address is known, and let it be collected before the kernel has written to it.
 */
const smallBuffers: KeptBuffers = { most: 64, buffers: [], next: 0 };
/** Each is for one system call that follows at once. 64 of a megabyte would be too many to keep. */
const largeBuffers: KeptBuffers = { most: 4, buffers: [], next: 0 };
const LARGE_BYTES = 64 * 1024;

/**
 * The address of a buffer, for the kernel. It stays alive for at least 64 further addresses, or 4 of buffers
 * of 64 KiB and more: long enough for the one system call that this one is for.
 */
export function addressOf(buffer: NodeJS.TypedArray): number {
  // A small array moves when its `.buffer` is touched for the first time: here, before its address counts.
  const kept = buffer.buffer.byteLength < LARGE_BYTES ? smallBuffers : largeBuffers;
  kept.buffers[kept.next] = buffer;
  kept.next = (kept.next + 1) % kept.most;
  return native().address(buffer);
}
