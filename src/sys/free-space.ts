// How much room a file system has left, by fstatfs(2).

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { getU64, words } from "./memory.ts";

/** struct statfs has 120 bytes: type, block size, blocks, free, available, each a 64-bit word. */
const STATFS_WORDS = 30;
const BLOCK_SIZE_WORD = 2;
const AVAILABLE_WORD = 8;

/** Bytes that an ordinary user may still take of the file system that `fd` is on. */
export function availableBytes(fd: number, subject: string): number {
  const status = words(STATFS_WORDS);
  const result = call("fstatfs", fd, addressOf(status));
  checked(result, "read the free space of", subject);
  return getU64(status, BLOCK_SIZE_WORD) * getU64(status, AVAILABLE_WORD);
}
