// D-Bus values in bytes, by their signatures, little-endian (D-Bus Specification, "Marshaling").
//
//   y u8 | n i16 | q u16 | b i i32 | u u32 | x i64 | t u64 | d double      aligned to their size
//   s o   u32 length | text | NUL            aligned to 4
//   g     u8 length | text | NUL             aligned to 1
//   aT    u32 bytes | padding to T | items   aligned to 4
//   (TU)  {KV}   their members               aligned to 8
//   v     g | padding | the value            aligned to 1
//
// Every padding byte is zero. Decoding checks each length against what is there.

import { OcicatError } from "../../error/ocicat-error.ts";

export interface Variant {
  readonly signature: string;
  readonly value: DBusValue;
}

/** 64-bit numbers beyond 2^53 lose their low bits; the greatest `t` is Infinity, as systemd means it. */
export type DBusValue = string | number | boolean | Variant | readonly DBusValue[];

const LONGEST_SIGNATURE = 255;
export const DEEPEST_NESTING = 32;
const TWO_32 = 0x1_0000_0000;

const ALIGNMENTS: Readonly<Record<string, number>> = {
  ...{ y: 1, g: 1, v: 1, n: 2, q: 2, b: 4, i: 4, u: 4 },
  ...{ s: 4, o: 4, a: 4, x: 8, t: 8, d: 8, "(": 8, "{": 8 },
};

/** What the first byte of a value of this type is aligned to. */
export function alignmentOf(type: string): number {
  return ALIGNMENTS[type[0] ?? ""] ?? 1;
}

/** The fixed-size types: how a DataView writes and reads them. */
export const NUMBERS: Readonly<Record<string, NumberCodec>> = {
  y: { size: 1, set: (v, at, n) => v.setUint8(at, n), get: (v, at) => v.getUint8(at) },
  n: { size: 2, set: (v, at, n) => v.setInt16(at, n, true), get: (v, at) => v.getInt16(at, true) },
  q: {
    size: 2,
    set: (v, at, n) => v.setUint16(at, n, true),
    get: (v, at) => v.getUint16(at, true),
  },
  i: { size: 4, set: (v, at, n) => v.setInt32(at, n, true), get: (v, at) => v.getInt32(at, true) },
  u: {
    size: 4,
    set: (v, at, n) => v.setUint32(at, n, true),
    get: (v, at) => v.getUint32(at, true),
  },
  d: {
    size: 8,
    set: (v, at, n) => v.setFloat64(at, n, true),
    get: (v, at) => v.getFloat64(at, true),
  },
  x: {
    size: 8,
    set: setLong,
    get: (v, at) => v.getInt32(at + 4, true) * TWO_32 + v.getUint32(at, true),
  },
  t: { size: 8, set: setLong, get: getUnsignedLong },
};

interface NumberCodec {
  readonly size: number;
  set(view: DataView, at: number, value: number): void;
  get(view: DataView, at: number): number;
}

function setLong(view: DataView, at: number, value: number): void {
  const isGreatest = value === Number.POSITIVE_INFINITY;
  view.setUint32(at, isGreatest ? 0xffff_ffff : value, true);
  view.setUint32(at + 4, isGreatest ? 0xffff_ffff : Math.floor(value / TWO_32), true);
}

function getUnsignedLong(view: DataView, at: number): number {
  const low = view.getUint32(at, true);
  const high = view.getUint32(at + 4, true);
  const isGreatest = low === 0xffff_ffff && high === 0xffff_ffff;
  return isGreatest ? Number.POSITIVE_INFINITY : high * TWO_32 + low;
}

/** The complete types of a signature: ["a(sv)", "u"] for "a(sv)u". */
export function splitSignature(signature: string): string[] {
  if (signature.length > LONGEST_SIGNATURE) {
    throw malformed("the signature is too long");
  }
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at, 0);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(signature: string, start: number, depth: number): number {
  const code = signature[start] ?? "";
  if (depth > DEEPEST_NESTING || ALIGNMENTS[code] === undefined) {
    throw malformed(`the signature ${JSON.stringify(signature)} is wrong`);
  }
  if (code === "a") {
    return endOfType(signature, start + 1, depth + 1);
  }
  if (code !== "(" && code !== "{") {
    return start + 1;
  }
  const close = code === "(" ? ")" : "}";
  let at = start + 1;
  do {
    at = endOfType(signature, at, depth + 1);
  } while (signature[at] !== close);
  return at + 1;
}

/** The types inside a struct or dict entry. */
export function memberTypes(type: string): string[] {
  return splitSignature(type.slice(1, -1));
}

export function malformed(reason: string): OcicatError {
  return new OcicatError("unavailable", {
    operation: "read",
    subject: "a D-Bus message",
    reason,
  });
}
