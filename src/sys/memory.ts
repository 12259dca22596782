// Memory that the kernel reads and writes: C strings and small structures, over an explicit ArrayBuffer, which
// never moves (see addressOf in entry.ts).

import { OcicatError } from "../error/ocicat-error.ts";
import { addressOf } from "./entry.ts";
import { writeCString } from "./native-entry.ts";

const RING_BYTES = 256 * 1024;
const LONGEST_STRING = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

let ring: Uint8Array<ArrayBuffer> | undefined;
let ringAddress = 0;
let ringOffset = 0;

/**
 * The address of `text` as a C string in UTF-8. It stays valid for at least three further calls with
 * strings of the greatest length (64 KiB) and for thousands with ordinary paths: long enough for the
 * one system call that it is made for, and for nothing else.
 */
export function cstring(text: string): number {
  const wanted = text.length * 3 + 1;
  if (wanted > LONGEST_STRING) {
    throw unfit(text, "it is too long");
  }
  if (ring === undefined) {
    ring = new Uint8Array(new ArrayBuffer(RING_BYTES));
    ringAddress = addressOf(ring);
  }
  if (ringOffset + wanted > RING_BYTES) {
    ringOffset = 0;
  }
  const start = ringOffset;
  const written = writeCString(text, ring, start);
  if (written < 0) {
    throw unfit(text, "it contains a NUL character");
  }
  ringOffset = start + written;
  return ringAddress + start;
}

function unfit(text: string, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "pass",
    subject: `a string of ${text.length} characters to the kernel`,
    reason,
  });
}

/** A structure, and where it is. */
export interface PlacedWords {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly address: number;
}

const placed = new Map<number, PlacedWords>();

/**
 * A structure of `count` words that there is one of, with what the last call left in it: for a single system call,
 * around which nothing else happens.
 */
export function sharedWords(count: number): PlacedWords {
  let known = placed.get(count);
  if (known === undefined) {
    const structure = words(count);
    known = { words: structure, address: addressOf(structure) };
    placed.set(count, known);
  }
  return known;
}

/** A structure of `count` zeroed 32-bit words. */
export function words(count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(new ArrayBuffer(count * 4));
}

/** `size` zeroed bytes that the kernel may be given. */
export function bytes(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(size));
}

/** Writes a 64-bit value (a non-negative integer up to 2^53, or a small negative one) at word `index`. */
export function setU64(structure: Uint32Array, index: number, value: number): void {
  structure[index] = value;
  structure[index + 1] = Math.floor(value / 0x1_0000_0000);
}

/** Reads a 64-bit value from word `index`; values above 2^53 lose their low bits. */
export function getU64(structure: Uint32Array, index: number): number {
  const low = structure[index] ?? 0;
  const high = structure[index + 1] ?? 0;
  return high * 0x1_0000_0000 + low;
}

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const encoded = encoder.encode(text);
  const copy = bytes(encoded.length);
  copy.set(encoded);
  return copy;
}

export function decodeText(encoded: Uint8Array): string {
  return decoder.decode(encoded);
}
