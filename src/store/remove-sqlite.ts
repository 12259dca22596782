// Removes a database file of the store without opening it.

import { AT_FDCWD } from "../abi/file.ts";
import { tryUnlinkAt } from "../sys/file.ts";

/** The file itself, and what SQLite keeps beside it. */
const COMPANIONS = ["", "-wal", "-shm", "-journal"];

/** Whoever has it open goes on with what nobody will read again. */
export function removeSqlite(path: string): void {
  for (const companion of COMPANIONS) {
    tryUnlinkAt(AT_FDCWD, `${path}${companion}`);
  }
}
