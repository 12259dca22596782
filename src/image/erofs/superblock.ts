// Encodes the superblock and the table of devices: format.ts draws them.

import {
  BLOCK_BITS,
  BLOCK_BITS_AT,
  DEVICE_COUNT_AT,
  DEVICE_SLOT_BYTES,
  DEVICE_TABLE_OFFSET,
  headBytes,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
} from "./format.ts";

const FEATURE_MTIME = 2; // compatible: the times are those of change
const FEATURE_CHUNKED_FILE = 4;
const FEATURE_DEVICE_TABLE = 8;
const DEVICE_SLOT_UNIT = 128;
const TAG_BYTES = 64;

export interface Device {
  /** What it has to be, for people: up to 64 characters. */
  readonly tag: string;
  readonly blocks: number;
  readonly firstBlock: number;
}

export interface Superblock {
  readonly rootInode: number;
  readonly inodes: number;
  /** Of the image's own file. */
  readonly blocks: number;
  readonly metadataBlock: number;
  readonly hasChunks: boolean;
  /** 16 bytes, not all zero: overlayfs takes them for the identity of its lower layer. */
  readonly uuid: Uint8Array;
  readonly devices: readonly Device[];
}

/** From SUPERBLOCK_OFFSET on: the superblock and the device table. */
export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const { devices } = superblock;
  const size = headBytes(devices.length) - SUPERBLOCK_OFFSET;
  const content = Buffer.from(new ArrayBuffer(size));
  content.writeUInt32LE(SUPERBLOCK_MAGIC, 0);
  content.writeUInt32LE(FEATURE_MTIME, 8);
  content[BLOCK_BITS_AT] = BLOCK_BITS;
  content.writeUInt16LE(superblock.rootInode, 14);
  content.writeUInt32LE(superblock.inodes, 16);
  content.writeUInt32LE(superblock.blocks, 36);
  content.writeUInt32LE(superblock.metadataBlock, 40);
  content.set(superblock.uuid.subarray(0, 16), 48);
  const chunked = superblock.hasChunks ? FEATURE_CHUNKED_FILE : 0;
  content.writeUInt32LE(chunked | (devices.length > 0 ? FEATURE_DEVICE_TABLE : 0), 80);
  if (devices.length > 0) {
    content.writeUInt16LE(devices.length, DEVICE_COUNT_AT);
    content.writeUInt16LE(DEVICE_TABLE_OFFSET / DEVICE_SLOT_UNIT, 88);
  }
  for (const [index, { tag, blocks, firstBlock }] of devices.entries()) {
    const at = DEVICE_TABLE_OFFSET - SUPERBLOCK_OFFSET + index * DEVICE_SLOT_BYTES;
    content.write(tag, at, TAG_BYTES, "latin1");
    content.writeUInt32LE(blocks, at + TAG_BYTES);
    content.writeUInt32LE(firstBlock, at + TAG_BYTES + 4);
  }
  return content;
}
