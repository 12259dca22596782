// 64-bit argument values as two 32-bit halves, the way a filter reads them.

import type { Uint64 } from "../../oci/process.ts";

export interface Word64 {
  readonly high: number;
  readonly low: number;
}

export const WORD_MAX = 0xffffffff;
const WORD_RANGE = 0x1_0000_0000;

export function splitWord64(value: Uint64): Word64 {
  if (typeof value === "number") {
    return { high: Math.floor(value / WORD_RANGE), low: value >>> 0 };
  }
  return { high: Number(value >> 32n), low: Number(value & 0xffffffffn) };
}

/** Negative, zero or positive, as sort() takes it. */
export function compareWords64(left: Word64, right: Word64): number {
  return left.high - right.high || left.low - right.low;
}

/** The next larger value; undefined after the largest one of 64 bits, or of 32 when not `wide`. */
export function nextWord64(value: Word64, wide: boolean): Word64 | undefined {
  if (value.low < WORD_MAX) {
    return { high: value.high, low: value.low + 1 };
  }
  return wide && value.high < WORD_MAX ? { high: value.high + 1, low: 0 } : undefined;
}
