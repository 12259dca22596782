// Where each inode goes:
//
//   +--------------------------------+----------------------------+-----------------+
//   | inodes, with xattrs, the last  | whole blocks of directories| copied chunks   |
//   | part of directories and links, | and symbolic links         | (sparse files)  |
//   | indexes of sparse files        |                            |                 |
//   +--------------------------------+----------------------------+-----------------+
//
// What is inline has to lie in one block together with its inode.

import { OcicatError } from "../../error/ocicat-error.ts";
import {
  BLOCK_BYTES,
  CHUNK_INDEX_BYTES,
  INODE_BYTES,
  INODE_SLOT_BYTES,
  roundToBlock,
} from "./format.ts";
import type { DirectoryListing, NumberedInodes } from "./number-inodes.ts";
import { type ChunkPlan, chunkCost, planChunks } from "./sparse-chunks.ts";
import type { FileNode, InodeNode } from "./tree-node.ts";

/** Behind the beginning of the metadata: an inode number of 0 would mean "none" to programs. */
const FIRST_INODE = INODE_BYTES;
const MOST_INODE_BYTES = 2 ** 31 - BLOCK_BYTES;
/** What sparse files may take beside their content, in all: copies on the disk, indexes in memory. */
const MOST_SPARSE_BYTES = 2 ** 32;
const MOST_INDEX_BYTES = 2 ** 28;

export interface PlacedInodes extends NumberedInodes {
  /** In bytes behind the beginning of the metadata, by number. */
  readonly places: Uint32Array;
  /** By number: the first whole block of a directory or link, behind the inodes. */
  readonly firstBlocks: Uint32Array;
  /** By number. Of directories and links: what of the content is inline. */
  readonly inlineBytes: Uint16Array;
  readonly chunks: ReadonlyMap<FileNode, PlacedChunks>;
  readonly inodeBytes: number;
  readonly blockBytes: number;
  readonly copiedBytes: number;
}

export interface PlacedChunks extends ChunkPlan {
  /** Where the first copied chunk begins, behind the beginning of the copied ones. */
  readonly copyOffset: number;
}

export function placeInodes(numbered: NumberedInodes): PlacedInodes {
  const placer = new Placer(numbered);
  return placer.place();
}

class Placer {
  readonly #numbered: NumberedInodes;
  readonly #places: Uint32Array;
  readonly #firstBlocks: Uint32Array;
  readonly #inlineBytes: Uint16Array;
  readonly #chunks = new Map<FileNode, PlacedChunks>();
  #at = FIRST_INODE;
  #blocks = 0;
  #copiedBytes = 0;
  #sparseBytes = 0;
  #indexBytes = 0;

  constructor(numbered: NumberedInodes) {
    const count = numbered.nodes.length;
    this.#numbered = numbered;
    this.#places = new Uint32Array(count);
    this.#firstBlocks = new Uint32Array(count);
    this.#inlineBytes = new Uint16Array(count);
  }

  place(): PlacedInodes {
    let directories = 0;
    for (const node of this.#numbered.nodes) {
      const core = coreBytes(node);
      if (node.kind === "directory") {
        const listing = this.#numbered.listings[directories];
        directories += 1;
        this.#withContent(node, core, listing === undefined ? 0 : listingBytes(listing));
      } else if (node.kind === "symlink") {
        this.#withContent(node, core, node.target.length);
      } else if (node.kind === "file" && node.segments !== undefined && node.size > 0) {
        this.#sparse(node, core);
      } else {
        this.#put(node, core);
      }
    }
    return {
      ...this.#numbered,
      places: this.#places,
      firstBlocks: this.#firstBlocks,
      inlineBytes: this.#inlineBytes,
      chunks: this.#chunks,
      inodeBytes: roundToBlock(this.#at),
      blockBytes: this.#blocks * BLOCK_BYTES,
      copiedBytes: this.#copiedBytes,
    };
  }

  #put(node: InodeNode, bytes: number): void {
    this.#at = roundUp(this.#at, INODE_SLOT_BYTES);
    this.#places[node.number] = this.#at;
    this.#at += bytes;
    if (this.#at > MOST_INODE_BYTES) {
      throw tooLarge("its metadata");
    }
  }

  /** Whole blocks elsewhere, the rest inline if it fits. */
  #withContent(node: InodeNode, core: number, size: number): void {
    const rest = size % BLOCK_BYTES;
    const isInline = rest > 0 && core + rest <= BLOCK_BYTES;
    const inline = isInline ? rest : 0;
    const start = roundUp(this.#at, INODE_SLOT_BYTES);
    if (isInline && (start % BLOCK_BYTES) + core + inline > BLOCK_BYTES) {
      this.#at = roundToBlock(start);
    }
    this.#put(node, core + inline);
    this.#inlineBytes[node.number] = inline;
    this.#firstBlocks[node.number] = this.#blocks;
    this.#blocks += Math.ceil((size - inline) / BLOCK_BYTES);
  }

  #sparse(node: FileNode, core: number): void {
    const { size, offset, segments = [] } = node;
    const plan = planChunks({ size, offset, segments });
    this.#sparseBytes += chunkCost(plan);
    this.#indexBytes += plan.count * CHUNK_INDEX_BYTES;
    if (this.#sparseBytes > MOST_SPARSE_BYTES || this.#indexBytes > MOST_INDEX_BYTES) {
      throw tooLarge("what it adds to sparse files");
    }
    this.#chunks.set(node, { ...plan, copyOffset: this.#copiedBytes });
    this.#copiedBytes += plan.copied * 2 ** plan.chunkBits;
    this.#put(node, roundUp(core, CHUNK_INDEX_BYTES) + plan.count * CHUNK_INDEX_BYTES);
  }
}

/** Of an inode with its extended attributes. */
export function coreBytes(node: InodeNode): number {
  return INODE_BYTES + (node.attributes.xattrs?.length ?? 0);
}

/** The size of a directory. */
export function listingBytes({ cuts, lastBytes }: DirectoryListing): number {
  return (cuts.length - 2) * BLOCK_BYTES + lastBytes;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function tooLarge(what: string): OcicatError {
  return new OcicatError("exhausted", {
    operation: "make",
    subject: "an EROFS image",
    reason: `${what} is too large`,
  });
}
