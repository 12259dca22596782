// One entry of a file system that is being archived, and how sparse files are cut for that.

import type { NewTarEntry } from "../tar/encode-entry.ts";
import type { SparseSegment } from "../tar/entry.ts";
import { BLOCK_BYTES } from "../tar/header.ts";

export interface ExportItem {
  readonly entry: NewTarEntry;
  /** Of a file: the content, of a sparse one that of its segments. */
  readonly content: Iterable<Uint8Array>;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whose something is in the archive, by whose it is on the disk. */
export type MapOwner = (owner: Owner) => Owner;

export function* withOwners(
  items: Iterable<ExportItem>,
  mapOwner: MapOwner = (owner) => owner,
): Generator<ExportItem, void> {
  for (const { entry, content } of items) {
    const { uid, gid } = mapOwner(entry);
    yield { entry: { ...entry, uid, gid }, content };
  }
}

/**
 * The same data in segments of whole blocks, which the archive needs: they begin and end where blocks do,
 * or at the end of the file. Segments that touch are one. `segments` ascend.
 */
export function wholeBlocks(segments: readonly SparseSegment[], size: number): SparseSegment[] {
  const whole: SparseSegment[] = [];
  for (const { offset, length } of segments) {
    const start = offset - (offset % BLOCK_BYTES);
    const end = Math.min(size, Math.ceil((offset + length) / BLOCK_BYTES) * BLOCK_BYTES);
    const last = whole.at(-1);
    if (length === 0 || end <= start) {
      continue;
    }
    if (last !== undefined && last.offset + last.length >= start) {
      whole[whole.length - 1] = { offset: last.offset, length: end - last.offset };
    } else {
      whole.push({ offset: start, length: end - start });
    }
  }
  return whole;
}
