// Where the native entry of the compiled program, and of Bun on the sources, comes from: entry.node. It comes by
// Node-API: bun:ffi would cost each start of a command 0.6 ms, and cannot be had without the compiler of the
// JavaScript engine, which costs another 0.7 (native/launch.c). The quick program has another file in
// the place of this one: src/quick/native-entry.ts.

import { OcicatError, quote } from "../error/ocicat-error.ts";

export interface NativeEntry {
  syscall(
    number: number,
    a0?: number,
    a1?: number,
    a2?: number,
    a3?: number,
    a4?: number,
    a5?: number,
  ): number;
  spawn(list: number, count: number, flags: number): number;
  catchSignals(low: number, high: number, fd: number, before: number): number;
  restoreSignals(low: number, high: number, before: number): void;
  relay(relay: number): number;
  address(buffer: NodeJS.TypedArray): number;
}

const encoder = new TextEncoder();

/**
 * Writes `text` as UTF-8, and a NUL behind it, to `at`, where there has to be room. Returns how many bytes that were,
 * or -1: the text itself has a NUL.
 */
export function writeCString(text: string, into: Uint8Array, at: number): number {
  if (text.includes("\0")) {
    return -1;
  }
  const { written } = encoder.encodeInto(text, into.subarray(at));
  into[at + written] = 0;
  return written + 1;
}

const FILE_NAME = "entry.node";
/** Where Bun has the modules of a compiled program. */
const BUNDLED = "/$bunfs/";

export function loadEntry(): NativeEntry {
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
