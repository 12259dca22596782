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

export const SUPERBLOCK_MAGIC = 0xe0f5_e1e2;

/** In the superblock. */
export const BLOCK_BITS_AT = 12;
export const DEVICE_COUNT_AT = 86;

/** Where metadata may begin. */
export function headBytes(deviceCount: number): number {
  return roundToBlock(DEVICE_TABLE_OFFSET + deviceCount * DEVICE_SLOT_BYTES);
}

export function roundToBlock(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
