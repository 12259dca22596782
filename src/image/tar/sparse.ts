// Sparse files: which parts of a file the archive stores. Four formats ("GNU tar: Storing Sparse
// Files") say the same thing, a list of (offset, length):
//
//   old GNU   type S; the header block has 4 pairs of 12-byte numbers at 386, a flag at 482 that says
//             that a block of 21 further pairs follows (flag at 504), and the file's size at 483
//   pax 0.0   GNU.sparse.size, and GNU.sparse.offset, GNU.sparse.numbytes once per pair
//   pax 0.1   GNU.sparse.size, GNU.sparse.name, GNU.sparse.map "offset,length,offset,length,..."
//   pax 1.0   GNU.sparse.major 1, minor 0, GNU.sparse.name, GNU.sparse.realsize; the list is the head
//             of the data: decimal numbers ended by newlines, the count of pairs first, padded to a block

import type { SparseSegment, TarLimits } from "./entry.ts";
import { BLOCK_BYTES, readNumber } from "./header.ts";
import { type PaxAttributes, type PaxRecord, parseDecimal } from "./pax.ts";
import { malformed, overLimit } from "./tar-error.ts";

const PAIR_BYTES = 24;
const NUMBER_BYTES = 12;
const HEADER_PAIRS = { start: 386, count: 4, moreFlag: 482, realSize: 483 } as const;
const EXTENSION_PAIRS = { start: 0, count: 21, moreFlag: 504 } as const;

export interface GnuSparseBlock {
  readonly segments: readonly SparseSegment[];
  readonly more: boolean;
}

export function parseGnuSparseHeader(
  block: Buffer,
  offset: number,
): GnuSparseBlock & { readonly realSize: number } {
  const sizeField = block.subarray(HEADER_PAIRS.realSize, HEADER_PAIRS.realSize + NUMBER_BYTES);
  const realSize = readNumber(sizeField, "size of a sparse file", offset);
  return { ...parsePairs(block, HEADER_PAIRS, offset), realSize };
}

export function parseGnuSparseExtension(block: Buffer, offset: number): GnuSparseBlock {
  return parsePairs(block, EXTENSION_PAIRS, offset);
}

function parsePairs(
  block: Buffer,
  layout: { readonly start: number; readonly count: number; readonly moreFlag: number },
  at: number,
): GnuSparseBlock {
  const segments: SparseSegment[] = [];
  for (let index = 0; index < layout.count; index += 1) {
    const start = layout.start + index * PAIR_BYTES;
    if (block[start] === 0) {
      break;
    }
    const middle = start + NUMBER_BYTES;
    segments.push({
      offset: readNumber(block.subarray(start, middle), "offset of a sparse segment", at),
      length: readNumber(
        block.subarray(middle, start + PAIR_BYTES),
        "length of a sparse segment",
        at,
      ),
    });
  }
  return { segments, more: block[layout.moreFlag] !== 0 };
}

export type PaxSparse =
  | { readonly kind: "segments"; readonly realSize: number; readonly segments: SparseSegment[] }
  | { readonly kind: "in-data"; readonly realSize: number };

/** Undefined: not a sparse file. `own` are the records of the entry's own header, in their order. */
export function paxSparse(
  attributes: PaxAttributes,
  own: readonly PaxRecord[],
  offset: number,
): PaxSparse | undefined {
  const major = attributes.number("GNU.sparse.major");
  if (major === 1 && attributes.number("GNU.sparse.minor") === 0) {
    return { kind: "in-data", realSize: required(attributes, "GNU.sparse.realsize", offset) };
  }
  const map = attributes.text("GNU.sparse.map");
  if (map === undefined && attributes.text("GNU.sparse.numblocks") === undefined) {
    return undefined;
  }
  const numbers = map === undefined ? repeatedNumbers(own, offset) : mapNumbers(map, offset);
  const count = required(attributes, "GNU.sparse.numblocks", offset);
  if (numbers.length !== count * 2) {
    throw malformed(offset, `a sparse file has ${numbers.length / 2} segments instead of ${count}`);
  }
  const realSize = required(attributes, "GNU.sparse.size", offset);
  return { kind: "segments", realSize, segments: pairUp(numbers) };
}

function required(attributes: PaxAttributes, keyword: string, offset: number): number {
  const value = attributes.number(keyword);
  if (value === undefined) {
    throw malformed(offset, `a sparse file has no ${keyword}`);
  }
  return value;
}

function mapNumbers(map: string, offset: number): number[] {
  return map.split(",").map((text) => parseDecimal(text, "sparse map", offset));
}

/** Format 0.0: the keywords have to alternate, beginning with an offset. */
function repeatedNumbers(own: readonly PaxRecord[], offset: number): number[] {
  const keywords = ["GNU.sparse.offset", "GNU.sparse.numbytes"];
  const numbers: number[] = [];
  for (const { keyword, value } of own) {
    if (!keywords.includes(keyword)) {
      continue;
    }
    if (keyword !== keywords[numbers.length % 2]) {
      throw malformed(offset, "the offsets and lengths of a sparse file do not alternate");
    }
    numbers.push(parseDecimal(value.toString("latin1"), keyword, offset));
  }
  return numbers;
}

function pairUp(numbers: readonly number[]): SparseSegment[] {
  const segments: SparseSegment[] = [];
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    segments.push({ offset: numbers[index] ?? 0, length: numbers[index + 1] ?? 0 });
  }
  return segments;
}

/** Reads the list of format 1.0, block by block. */
export class SparseMapReader {
  readonly #limits: TarLimits;
  readonly #numbers: number[] = [];
  #digits = "";
  #wanted = 1;

  constructor(limits: TarLimits) {
    this.#limits = limits;
  }

  /** The segments once the list is complete; the rest of that block is padding. */
  push(block: Buffer, offset: number): SparseSegment[] | undefined {
    const lines = (this.#digits + block.toString("latin1")).split("\n");
    this.#digits = lines.pop() ?? "";
    for (const line of lines) {
      if (this.#numbers.length < this.#wanted) {
        this.#add(parseDecimal(line, "sparse map", offset), offset);
      }
    }
    if (this.#numbers.length === this.#wanted) {
      return pairUp(this.#numbers.slice(1));
    }
    if (this.#digits.length > BLOCK_BYTES) {
      throw malformed(offset, "the sparse map is not a list of numbers");
    }
    return undefined;
  }

  #add(value: number, offset: number): void {
    if (this.#numbers.length === 0) {
      if (value > this.#limits.sparseSegments) {
        throw overLimit(offset, "the number of sparse segments", this.#limits.sparseSegments);
      }
      this.#wanted = 1 + value * 2;
    }
    this.#numbers.push(value);
  }
}

/** Segments have to ascend without overlap, to lie in the file, and to add up to what is stored. */
export function verifySegments(
  segments: readonly SparseSegment[],
  realSize: number,
  storedBytes: number,
  offset: number,
): void {
  let end = 0;
  let sum = 0;
  for (const segment of segments) {
    if (segment.offset < end || segment.length < 0) {
      throw malformed(offset, "the segments of a sparse file overlap or are out of order");
    }
    end = segment.offset + segment.length;
    sum += segment.length;
  }
  if (realSize < end || sum !== storedBytes) {
    throw malformed(offset, "the segments of a sparse file do not match its size");
  }
}
