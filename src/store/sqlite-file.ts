// A database file of the store.
//
// WAL, with exclusive locks: one process at a time has it open, for a moment. The index of the WAL is then
// in its memory. In a file it would be mapped, and a full disk ends a process that writes to such a map
// with SIGBUS where a block is smaller than a page.

import { Database, SQLiteError } from "bun:sqlite";

export interface SqliteSchema {
  /** PRAGMA user_version. */
  readonly version: number;
  /** Makes the tables of a new file. */
  readonly tables: string;
  /**
   * What a power cut may take. "nothing": a change is on the disk when it is done. "all": nobody waits for
   * the disk, and the file may have to be replaced; for what is derived from elsewhere.
   */
  readonly losable: "nothing" | "all";
}

const DAMAGED = ["SQLITE_NOTADB", "SQLITE_CORRUPT"];

/**
 * Makes it when it is missing. The caller closes it. Undefined: a later version of this program made it.
 * Throws SQLiteError when it is damaged or can't be opened.
 */
export function openSqlite(path: string, schema: SqliteSchema): Database | undefined {
  using stack = new DisposableStack();
  const database = stack.use(new Database(path, { create: true, strict: true }));
  database.run("PRAGMA busy_timeout = 10000");
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("PRAGMA journal_mode = WAL");
  database.run(`PRAGMA synchronous = ${schema.losable === "all" ? "OFF" : "FULL"}`);
  if (!database.transaction(prepareSchema).immediate(database, schema)) {
    return undefined;
  }
  stack.move();
  return database;
}

const READ_VERSION_BYTE = 18;
const WRITE_VERSION_BYTE = 19;
const NO_WAL = 1;

/** In memory, of the content of such a file, or of none. Throws SQLiteError when it is damaged. */
export function sqliteCopy(content: Uint8Array | undefined, schema: SqliteSchema): Database {
  if (content === undefined || content.length === 0) {
    const empty = new Database(":memory:", { strict: true });
    empty.run(schema.tables);
    return empty;
  }
  // https://sqlite.org/fileformat.html, 1.3.3: memory has no place for a WAL.
  content[READ_VERSION_BYTE] = NO_WAL;
  content[WRITE_VERSION_BYTE] = NO_WAL;
  return Database.deserialize(content, { strict: true });
}

/** False: the schema is of a later version. */
function prepareSchema(database: Database, { version, tables }: SqliteSchema): boolean {
  const [row] = database.query<{ user_version: number }, []>("PRAGMA user_version").all();
  const found = row?.user_version ?? 0;
  if (found === 0) {
    database.run(tables);
    database.run(`PRAGMA user_version = ${version}`);
  }
  return found <= version;
}

export function isSqliteDamage(error: unknown): boolean {
  return error instanceof SQLiteError && DAMAGED.some((code) => error.code?.startsWith(code));
}
