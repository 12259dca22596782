// The only native entry of the TypeScript program: the functions of native/entry.c, which says what they
// do. They come by Node-API: bun:ffi would cost each start of a command 0.6 ms, and cannot be had without
// the compiler of the JavaScript engine, which costs another 0.7 (native/launch.c).

import { type Architecture, architectureNamed } from "../abi/architecture.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";

interface NativeEntry {
  syscall(
    number: number,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    a4: number,
    a5: number,
  ): number;
  spawn(list: number, count: number, flags: number): number;
  catchSignals(low: number, high: number, fd: number, before: number): number;
  restoreSignals(low: number, high: number, before: number): void;
  relay(relay: number): number;
  address(buffer: NodeJS.TypedArray): number;
}

const FILE_NAME = "entry.node";
/** Where Bun has the modules of a compiled program. */
const BUNDLED = "/$bunfs/";

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

function loadEntry(): NativeEntry {
  const places = ownPlaces();
  for (const path of places) {
    const loaded = tryLoad(path);
    if (loaded !== undefined) {
      return loaded;
    }
  }
  return missing(places.at(-1) ?? "");
}

/**
 * Beside the compiled program; else beside a bundle that these sources are in, or where the checkout builds it.
 * Nowhere else: whoever owns one of these files owns the program.
 */
function ownPlaces(): string[] {
  const sources = import.meta.dir;
  return sources.startsWith(BUNDLED)
    ? [`${parentOf(process.execPath)}/${FILE_NAME}`]
    : [`${sources}/${FILE_NAME}`, `${sources}/../../dist/${FILE_NAME}`];
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function tryLoad(path: string): NativeEntry | undefined {
  const loaded: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(loaded, path);
  } catch {
    return undefined;
  }
  return loaded.exports as NativeEntry;
}

function missing(path: string): never {
  throw new OcicatError("not-found", {
    operation: "load",
    subject: quote(path),
    reason: "without it this program can make no system call",
    hint: "it is made by `npm run build`, and installed with the program",
  });
}

/** One raw system call. Returns its result, or -errno; never throws. */
// biome-ignore lint/complexity/useMaxParams: a system call has a number and six arguments
export function rawSyscall(number: number, a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0): number {
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
