// Which file system something that is open is on, by fstatfs(2).

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { words } from "./memory.ts";

/** struct statfs has 120 bytes; its first word is f_type. */
const STATFS_WORDS = 30;

/** The magic number of the file system (PROC_SUPER_MAGIC), or -errno. */
export function fileSystemTypeOf(fd: number): number {
  const status = words(STATFS_WORDS);
  const result = call("fstatfs", fd, addressOf(status));
  return result < 0 ? result : (status[0] ?? 0);
}
