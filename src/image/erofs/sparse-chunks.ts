// Sparse files: EROFS knows a file as CHUNKS of one size, a power of two, each a hole or a run of blocks.
//
// A chunk stays in the archive when one segment covers it and begins on a block there. Others that have
// content are COPIED behind the metadata. Small chunks make a long index, large ones more to copy: the
// size is chosen that costs least.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { SparseSegment } from "../tar/entry.ts";
import { BLOCK_BITS, BLOCK_BYTES, CHUNK_INDEX_BYTES, LARGEST_CHUNK_BITS } from "./format.ts";

const LONGEST_INDEX = 2 ** 21;
const ENOUGH = 4096; // bytes of index that are not worth another copied block

export interface SparseFile {
  readonly size: number;
  /** Of the first segment's content in the archive. */
  readonly offset: number;
  readonly segments: readonly SparseSegment[];
}

export interface ChunkPlan {
  readonly chunkBits: number;
  readonly count: number;
  /** How many have to be copied. */
  readonly copied: number;
}

interface Run {
  /** In the file, up to `end`. */
  readonly start: number;
  readonly end: number;
  /** In the archive. */
  readonly stored: number;
}

export type ChunkVisitor = (
  chunk: number,
  /** Where the chunk's content begins in the archive; undefined: it is copied. */
  stored: number | undefined,
) => void;

export function planChunks(file: SparseFile): ChunkPlan {
  const runs = runsOf(file);
  let best: ChunkPlan | undefined;
  let lowestCost = Number.POSITIVE_INFINITY;
  for (let chunkBits = BLOCK_BITS; chunkBits <= LARGEST_CHUNK_BITS; chunkBits += 1) {
    const count = Math.ceil(file.size / 2 ** chunkBits);
    if (count > LONGEST_INDEX) {
      continue;
    }
    const copied = countCopied(runs, file.size, chunkBits);
    const cost = count * CHUNK_INDEX_BYTES + copied * 2 ** chunkBits;
    if (cost < lowestCost) {
      best = { chunkBits, count, copied };
      lowestCost = cost;
    }
    if (count * CHUNK_INDEX_BYTES <= ENOUGH) {
      break;
    }
  }
  if (best === undefined) {
    throw new OcicatError("exhausted", {
      operation: "describe",
      subject: `a sparse file of ${file.size} bytes`,
      reason: "it is too large for an EROFS image",
    });
  }
  return best;
}

/** Bytes that the file takes beside its content in the archive. */
export function chunkCost({ chunkBits, count, copied }: ChunkPlan): number {
  return count * CHUNK_INDEX_BYTES + copied * 2 ** chunkBits;
}

/** Every chunk that is not a hole, ascending. */
export function visitChunks(file: SparseFile, { chunkBits }: ChunkPlan, visit: ChunkVisitor): void {
  visitRuns(runsOf(file), file.size, chunkBits, visit);
}

/** The pieces of content that the copied chunks have: where they are stored and in which chunk they lie. */
export function* copiedPieces(file: SparseFile, plan: ChunkPlan) {
  const chunkBytes = 2 ** plan.chunkBits;
  const copied = new Set<number>();
  visitChunks(file, plan, (chunk, stored) => {
    if (stored === undefined) {
      copied.add(chunk);
    }
  });
  for (const { start, end, stored } of runsOf(file)) {
    const last = Math.floor((end - 1) / chunkBytes);
    for (let chunk = Math.floor(start / chunkBytes); chunk <= last; chunk += 1) {
      if (copied.has(chunk)) {
        const from = Math.max(start, chunk * chunkBytes);
        const to = Math.min(end, (chunk + 1) * chunkBytes);
        const within = from - chunk * chunkBytes;
        yield { chunk, within, stored: stored + from - start, length: to - from };
      }
    }
  }
}

/** Segments that follow each other in the file and in the archive are one run. */
function runsOf({ offset, segments }: SparseFile): Run[] {
  const runs: { start: number; end: number; stored: number }[] = [];
  let stored = offset;
  for (const segment of segments) {
    const last = runs.at(-1);
    const end = segment.offset + segment.length;
    if (last?.end === segment.offset) {
      last.end = end;
    } else if (segment.length > 0) {
      runs.push({ start: segment.offset, end, stored });
    }
    stored += segment.length;
  }
  return runs;
}

function countCopied(runs: readonly Run[], size: number, chunkBits: number): number {
  let count = 0;
  visitRuns(runs, size, chunkBits, (_, stored) => {
    count += stored === undefined ? 1 : 0;
  });
  return count;
}

function visitRuns(
  runs: readonly Run[],
  size: number,
  chunkBits: number,
  visit: ChunkVisitor,
): void {
  const chunkBytes = 2 ** chunkBits;
  let next = 0;
  for (const { start, end, stored } of runs) {
    const last = Math.floor((end - 1) / chunkBytes);
    const isAligned = (stored - start) % BLOCK_BYTES === 0;
    for (let chunk = Math.max(next, Math.floor(start / chunkBytes)); chunk <= last; chunk += 1) {
      const from = chunk * chunkBytes;
      const isCovered = start <= from && Math.min(from + chunkBytes, size) <= end;
      visit(chunk, isAligned && isCovered ? stored + from - start : undefined);
    }
    next = Math.max(next, last + 1);
  }
}
