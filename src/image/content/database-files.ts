// The files of the store's database (database.ts), for whoever has to remove them without opening it.

import { AT_FDCWD } from "../../abi/file.ts";
import { tryUnlinkAt } from "../../sys/file.ts";

export const DATABASE_FILE = "metadata.sqlite";
/** What SQLite keeps beside it. */
const COMPANIONS = ["", "-wal", "-shm", "-journal"];

/** Whoever has it open goes on with what nobody will read again. */
export function removeDatabase(storeRoot: string): void {
  for (const companion of COMPANIONS) {
    tryUnlinkAt(AT_FDCWD, `${storeRoot}/${DATABASE_FILE}${companion}`);
  }
}
