// Puts planned metadata into an image's file: inodes, blocks, copies of what sparse files have apart.

import { OcicatError } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt, writeAllAt } from "../../sys/positioned.ts";
import { type DataPlace, encodeInodes } from "./encode-inodes.ts";
import { BLOCK_BYTES, HIGHEST_BLOCK, INODE_SLOT_BYTES } from "./format.ts";
import type { PlacedChunks, PlacedInodes } from "./place-inodes.ts";
import { copiedPieces } from "./sparse-chunks.ts";
import type { Superblock } from "./superblock.ts";
import type { FileNode } from "./tree-node.ts";

/** Of an image's file: the kernel reads whole pages. */
export const FILE_UNIT = 4096;

/** The archive of a layer, for what has to be copied from it. */
export interface ArchivePlace extends DataPlace {
  readonly fd: number;
  readonly tarOffset: number;
}

export interface MetadataRequest {
  /** Where they begin in the file: a whole number of blocks. */
  readonly offset: number;
  /** By layer. */
  readonly archives: readonly ArchivePlace[];
}

export interface WrittenMetadata {
  readonly bytes: number;
  /** Of inodes and blocks, without copies. */
  readonly sha256: Uint8Array;
  readonly hashedBytes: number;
  /** Without uuid and devices. */
  readonly superblock: Omit<Superblock, "uuid" | "devices">;
}

const SUBJECT = "an EROFS image";
const COPY_BYTES = 1024 * 1024;

export function metadataBytes({ inodeBytes, blockBytes, copiedBytes }: PlacedInodes): number {
  return inodeBytes + blockBytes + copiedBytes;
}

export function writeMetadata(
  fd: number,
  placed: PlacedInodes,
  { offset, archives }: MetadataRequest,
): WrittenMetadata {
  const metadataBlock = offset / BLOCK_BYTES;
  const size = roundToUnit(offset + metadataBytes(placed));
  checkBlocks(size / BLOCK_BYTES);
  const content = encodeInodes(placed, { metadataBlock, data: archives });
  writeAllAt(fd, content, offset, SUBJECT);
  const copies = offset + placed.inodeBytes + placed.blockBytes;
  for (const [file, chunks] of placed.chunks) {
    copyChunks(fd, copies, [file, chunks], archives);
  }
  checked(call("ftruncate", fd, size), "set the size of", SUBJECT);
  return {
    bytes: metadataBytes(placed),
    sha256: new Bun.CryptoHasher("sha256").update(content).digest(),
    hashedBytes: content.length,
    superblock: {
      rootInode: (placed.places[0] ?? 0) / INODE_SLOT_BYTES,
      inodes: placed.nodes.length,
      blocks: size / BLOCK_BYTES,
      metadataBlock,
      hasChunks: placed.chunks.size > 0,
    },
  };
}

export function checkBlocks(blocks: number): void {
  if (blocks > HIGHEST_BLOCK) {
    throw new OcicatError("exhausted", {
      operation: "make",
      subject: SUBJECT,
      reason: `it has more than ${HIGHEST_BLOCK} blocks of ${BLOCK_BYTES} bytes`,
    });
  }
}

function copyChunks(
  fd: number,
  copies: number,
  [file, chunks]: readonly [FileNode, PlacedChunks],
  archives: readonly ArchivePlace[],
): void {
  const archive = archives[file.layer];
  if (chunks.copied === 0 || archive === undefined) {
    return;
  }
  const { size, offset, segments = [] } = file;
  let start = copies + chunks.copyOffset - 2 ** chunks.chunkBits;
  let current = -1;
  for (const piece of copiedPieces({ size, offset, segments }, chunks)) {
    if (piece.chunk !== current) {
      current = piece.chunk;
      start += 2 ** chunks.chunkBits;
    }
    const from = { fd: archive.fd, offset: archive.tarOffset + piece.stored };
    copyRange(from, { fd, offset: start + piece.within }, piece.length);
  }
}

interface FilePlace {
  readonly fd: number;
  readonly offset: number;
}

function copyRange(from: FilePlace, to: FilePlace, length: number): void {
  const buffer = bytes(Math.min(length, COPY_BYTES));
  for (let done = 0; done < length; ) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, length - done));
    const count = readAt(from.fd, wanted, from.offset + done, "an archive");
    if (count === 0) {
      return;
    }
    writeAllAt(to.fd, wanted.subarray(0, count), to.offset + done, SUBJECT);
    done += count;
  }
}

export function roundToUnit(bytes: number): number {
  return Math.ceil(bytes / FILE_UNIT) * FILE_UNIT;
}
