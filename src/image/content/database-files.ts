// The files of the store's database (database.ts), for whoever has to remove them without opening it.

import { removeSqlite } from "../../store/remove-sqlite.ts";

export const DATABASE_FILE = "metadata.sqlite";

export function removeDatabase(storeRoot: string): void {
  removeSqlite(`${storeRoot}/${DATABASE_FILE}`);
}
