// EROFS on disk, as far as we write it (Linux fs/erofs/erofs_fs.h; everything is little-endian). Blocks
// have 512 bytes, so that content can stay where a tar has it.
//
//   superblock, at byte 1024
//     0 magic | 8 compatible features | 12 log2 of the block size (u8) | 14 number of the root inode (u16)
//     16 inodes (u64) | 36 blocks | 40 first block of inodes | 48 uuid [16]
//     80 incompatible features | 86 extra devices (u16) | 88 place of the device table (u16), in 128 bytes
//   device slot, 128 bytes, behind the superblock
//     0 tag [64] | 64 blocks | 68 first block in the address space that all devices share
//   inode, 64 bytes ("extended"), at 32 bytes * its number behind the first block of inodes
//     0 format (u16): 1 | layout << 1 | 2 size of xattrs (u16), see xattrs.ts | 4 mode (u16) | 8 size (u64)
//     16 union: first block, device number or chunk format | 20 number for 32-bit programs
//     24 uid | 28 gid | 32 seconds (u64) | 40 nanoseconds | 44 links
//     then xattrs; then for the layout INLINE the last part of the content, for CHUNKS the index
//   directory block, 512 bytes or the rest
//     12 bytes per entry: 0 inode number (u64) | 8 place of the name (u16) | 10 type (u8); then the names
//   chunk index, 8 bytes, 8-aligned: 0 (u16) | 2 device (u16) | 4 first block; HOLE
//
// There is no checksum of the superblock: fsck.erofs 1.8 crashes on one with blocks of 512 bytes.

export const BLOCK_BITS = 9;
export const BLOCK_BYTES = 512;
export const SUPERBLOCK_OFFSET = 1024;
export const DEVICE_TABLE_OFFSET = 1152;
export const DEVICE_SLOT_BYTES = 128;
export const INODE_BYTES = 64;
export const INODE_SLOT_BYTES = 32;
export const DIRENT_BYTES = 12;
export const CHUNK_INDEX_BYTES = 8;
export const CHUNK_HOLE = 0xffff_ffff;
export const CHUNK_INDEXES = 0x20;
/** Log2 of a chunk's size; the format has 5 bits for what is above the block size. */
export const LARGEST_CHUNK_BITS = BLOCK_BITS + 31;
export const HIGHEST_BLOCK = 0xffff_fffe;
export const MOST_DEVICES = 0xffff;

export const LAYOUT_PLAIN = 0;
export const LAYOUT_INLINE = 2;
export const LAYOUT_CHUNKS = 4;

export const TYPE_FILE = 1;
export const TYPE_DIRECTORY = 2;
export const TYPE_CHARACTER_DEVICE = 3;
export const TYPE_BLOCK_DEVICE = 4;
export const TYPE_FIFO = 5;
export const TYPE_SYMLINK = 7;

const MAGIC = 0xe0f5_e1e2;
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

/** Where metadata may begin. */
export function headBytes(deviceCount: number): number {
  return roundToBlock(DEVICE_TABLE_OFFSET + deviceCount * DEVICE_SLOT_BYTES);
}

/** From SUPERBLOCK_OFFSET on: the superblock and the device table. */
export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const { devices } = superblock;
  const size = headBytes(devices.length) - SUPERBLOCK_OFFSET;
  const content = Buffer.from(new ArrayBuffer(size));
  content.writeUInt32LE(MAGIC, 0);
  content.writeUInt32LE(FEATURE_MTIME, 8);
  content[12] = BLOCK_BITS;
  content.writeUInt16LE(superblock.rootInode, 14);
  content.writeUInt32LE(superblock.inodes, 16);
  content.writeUInt32LE(superblock.blocks, 36);
  content.writeUInt32LE(superblock.metadataBlock, 40);
  content.set(superblock.uuid.subarray(0, 16), 48);
  const chunked = superblock.hasChunks ? FEATURE_CHUNKED_FILE : 0;
  content.writeUInt32LE(chunked | (devices.length > 0 ? FEATURE_DEVICE_TABLE : 0), 80);
  if (devices.length > 0) {
    content.writeUInt16LE(devices.length, 86);
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

/** How many devices an image has; undefined: it is not one of ours. `content`: from SUPERBLOCK_OFFSET on. */
export function deviceCountOf(content: Buffer): number | undefined {
  const isOurs = content.readUInt32LE(0) === MAGIC && content[12] === BLOCK_BITS;
  return isOurs ? content.readUInt16LE(86) : undefined;
}

export function roundToBlock(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
