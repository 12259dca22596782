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

interface NumberField {
  readonly start: number;
  readonly length: number;
  /** For errors. */
  readonly what: string;
}

const FIELDS = {
  mode: { start: 100, length: 8, what: "mode" },
  uid: { start: 108, length: 8, what: "uid" },
  gid: { start: 116, length: 8, what: "gid" },
  size: { start: 124, length: 12, what: "size" },
  modified: { start: 136, length: 12, what: "mtime" },
  checksum: { start: 148, length: 8, what: "checksum" },
  deviceMajor: { start: 329, length: 8, what: "device major" },
  deviceMinor: { start: 337, length: 8, what: "device minor" },
} as const satisfies Record<string, NumberField>;

const CHECKSUM_START = FIELDS.checksum.start;
const CHECKSUM_END = CHECKSUM_START + FIELDS.checksum.length;
const SPACE = 0x20;
const ZERO = 0x30;

/** The memory of one block after the other. Views on its halves, made anew, would take longer than their sums. */
export class HeaderBlock {
  readonly bytes = Buffer.from(new ArrayBuffer(BLOCK_BYTES));
  readonly #first = this.bytes.subarray(0, BLOCK_BYTES / 2);
  readonly #second = this.bytes.subarray(BLOCK_BYTES / 2);

  get isZero(): boolean {
    return this.bytes[0] === 0 && this.bytes.every((byte) => byte === 0);
  }

  /** Of all bytes. */
  get sum(): number {
    return sumOf(this.#first) + sumOf(this.#second);
  }
}

/** `offset` is that of the block, for errors. */
export function parseHeader({ bytes: block, sum }: HeaderBlock, offset: number): TarHeader {
  verifyChecksum(block, sum, offset);
  const typeByte = block[156] ?? 0;
  const type = typeByte === 0 ? "0" : String.fromCharCode(typeByte);
  const hasDevice = type === "3" || type === "4";
  return {
    type,
    name: fullName(block),
    linkName: block[157] === 0 ? "" : readText(block, 157, 100),
    mode: numberIn(block, FIELDS.mode, offset) & 0o7777,
    uid: numberIn(block, FIELDS.uid, offset),
    gid: numberIn(block, FIELDS.gid, offset),
    size: numberIn(block, FIELDS.size, offset),
    modifiedSeconds: numberIn(block, FIELDS.modified, offset),
    deviceMajor: hasDevice ? numberIn(block, FIELDS.deviceMajor, offset) : 0,
    deviceMinor: hasDevice ? numberIn(block, FIELDS.deviceMinor, offset) : 0,
  };
}

function fullName(block: Buffer): string {
  const name = readText(block, 0, 100);
  if (block[345] === 0 || block.toString("latin1", 257, 263) !== "ustar\0") {
    return name;
  }
  const isStar = block.toString("latin1", 508, 512) === "tar\0";
  return `${readText(block, 345, isStar ? 131 : 155)}/${name}`;
}

function verifyChecksum(block: Buffer, blockSum: number, offset: number): void {
  const expected = numberIn(block, FIELDS.checksum, offset);
  let sum = blockSum;
  for (let index = CHECKSUM_START; index < CHECKSUM_END; index += 1) {
    sum += SPACE - (block[index] ?? 0);
  }
  // Old tars summed signed bytes; every reader accepts both sums.
  if (expected !== sum && expected !== sum - 256 * bytesAbove127(block)) {
    throw malformed(offset, "the header's checksum is wrong");
  }
}

/**
 * Of at most 256 bytes. Adler-32 has it in its lower half, begun with 1 and taken modulo 65521, which so few
 * bytes do not reach (RFC 1950, 8.2). It is native code, while a loop here would be interpreted.
 */
function sumOf(few: Buffer): number {
  return (Bun.hash.adler32(few) & 0xffff) - 1;
}

function bytesAbove127(block: Buffer): number {
  let count = 0;
  for (const [index, byte] of block.entries()) {
    count += index >= CHECKSUM_START && index < CHECKSUM_END ? 0 : byte >> 7;
  }
  return count;
}

/** Up to the first NUL, as a byte string. */
export function readText(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  const limit = start + length;
  return block.toString("latin1", start, end < 0 || end > limit ? limit : end);
}

function numberIn(block: Buffer, { start, length, what }: NumberField, offset: number): number {
  const end = start + length;
  const value = plainOctal(block, start, end);
  return value < 0 ? readNumber(block.subarray(start, end), what, offset) : value;
}

/** Digits that begin at once and end with the field, a space or a NUL; -1 for whatever else there is. */
function plainOctal(block: Buffer, start: number, end: number): number {
  let value = 0;
  let index = start;
  let digit = (block[index] ?? 0) - ZERO;
  while (index < end && digit >= 0 && digit <= 7) {
    value = value * 8 + digit;
    index += 1;
    digit = (block[index] ?? 0) - ZERO;
  }
  const isEnd = index === end || digit === SPACE - ZERO || digit === -ZERO;
  return index > start && isEnd ? value : -1;
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
