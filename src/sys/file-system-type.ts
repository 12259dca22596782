// Which file system a path is on, by statfs(2).

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { cstring, words } from "./memory.ts";

/** struct statfs has 120 bytes; its first word is f_type. */
const STATFS_WORDS = 30;

/** The magic number of the file system (CGROUP2_SUPER_MAGIC), or -errno. */
export function tryFileSystemType(path: string): number {
  const status = words(STATFS_WORDS);
  const result = call("statfs", cstring(path), addressOf(status));
  return result < 0 ? result : (status[0] ?? 0);
}
