// The 512-byte header block of tar, in its dialects (pax(1) "ustar Interchange Format", GNU tar
// "Basic Tar Format", star(5)):
//
//     0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8
//   156 type 1 | 157 link name 100 | 257 magic and version 8
//   265 owner name 32 | 297 group name 32 | 329 device major 8 | 337 device minor 8
//   345 ustar: prefix 155 | xustar (star): prefix 131, times, 508 "tar\0" | GNU: times, 386 sparse map

import { malformed } from "./tar-error.ts";

export const BLOCK_BYTES = 512;

export interface TarHeader {
  /** One character; a NUL is given as "0". */
  readonly type: string;
  readonly name: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modifiedSeconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const CHECKSUM_START = 148;
const CHECKSUM_END = 156;
const SPACE = 0x20;

export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** `offset` is that of the block, for errors. */
export function parseHeader(block: Buffer, offset: number): TarHeader {
  verifyChecksum(block, offset);
  const number = (start: number, length: number, what: string): number =>
    readNumber(block.subarray(start, start + length), what, offset);
  const typeByte = block[156] ?? 0;
  const type = typeByte === 0 ? "0" : String.fromCharCode(typeByte);
  const hasDevice = type === "3" || type === "4";
  return {
    type,
    name: fullName(block),
    linkName: readText(block, 157, 100),
    mode: number(100, 8, "mode") & 0o7777,
    uid: number(108, 8, "uid"),
    gid: number(116, 8, "gid"),
    size: number(124, 12, "size"),
    modifiedSeconds: number(136, 12, "mtime"),
    deviceMajor: hasDevice ? number(329, 8, "device major") : 0,
    deviceMinor: hasDevice ? number(337, 8, "device minor") : 0,
  };
}

function fullName(block: Buffer): string {
  const name = readText(block, 0, 100);
  if (block.toString("latin1", 257, 263) !== "ustar\0") {
    return name;
  }
  const isStar = block.toString("latin1", 508, 512) === "tar\0";
  const prefix = readText(block, 345, isStar ? 131 : 155);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function verifyChecksum(block: Buffer, offset: number): void {
  const expected = readNumber(block.subarray(CHECKSUM_START, CHECKSUM_END), "checksum", offset);
  let sum = (CHECKSUM_END - CHECKSUM_START) * SPACE;
  let bytesAbove127 = 0;
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    if (index === CHECKSUM_START) {
      index = CHECKSUM_END;
    }
    const byte = block[index] ?? 0;
    sum += byte;
    bytesAbove127 += byte >> 7;
  }
  // Old tars summed signed bytes; every reader accepts both sums.
  if (expected !== sum && expected !== sum - 256 * bytesAbove127) {
    throw malformed(offset, "the header's checksum is wrong");
  }
}

/** Up to the first NUL, as a byte string. */
export function readText(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  const limit = start + length;
  return block.toString("latin1", start, end < 0 || end > limit ? limit : end);
}

/** Octal digits, padded with spaces or NULs; or, with the top bit set, base-256 (big-endian). */
export function readNumber(field: Buffer, what: string, offset: number): number {
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    return readBase256(field, what, offset);
  }
  const text =
    field
      .toString("latin1")
      .replace(/^[ \0]+/, "")
      .split(/[ \0]/, 1)[0] ?? "";
  if (!/^[0-7]*$/.test(text)) {
    throw malformed(offset, `the ${what} ${JSON.stringify(text)} is not an octal number`);
  }
  return text === "" ? 0 : Number.parseInt(text, 8);
}

/** Two's complement without the marker bit: 0x80 begins a positive, 0xff a negative number. */
function readBase256(field: Buffer, what: string, offset: number): number {
  const negative = field[0] === 0xff;
  let value = negative ? -1 : (field[0] ?? 0) & 0x7f;
  for (const byte of field.subarray(1)) {
    value = value * 256 + byte;
  }
  if (!Number.isSafeInteger(value)) {
    throw malformed(offset, `the ${what} is out of range`);
  }
  return value;
}
