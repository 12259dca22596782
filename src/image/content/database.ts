// metadata.sqlite: what is asked across many images. All of it is derived from content, or can be done
// without: where the file is missing or damaged a new one takes its place.
//
//   image       facts of a manifest that is in the store, as `images` shows them
//     manifest    TEXT, key    its digest
//     facts       TEXT         ImageFacts (image-facts.ts) as JSON
//   source      which repositories have a blob: to mount it from there, and for `name@digest`
//     digest      TEXT   \
//     repository  TEXT   / key    "docker.io/library/debian"
//     seen        INTEGER      when it was there last, seconds since 1970
//
// WAL, with exclusive locks: one process at a time has it open, for a moment. The index of the WAL is then
// in its memory. In a file it would be mapped, and a full disk ends a process that writes to such a map
// with SIGBUS where a block is smaller than a page.
//
// PRAGMA user_version is the version of this schema: 1. Leases are not here: a lock is released by the
// kernel when its holder dies (src/store/lease.ts).

import { Database, SQLiteError } from "bun:sqlite";
import { AT_FDCWD } from "../../abi/file.ts";
import { statAt } from "../../sys/file.ts";
import { DATABASE_FILE, removeDatabase } from "./database-files.ts";

const VERSION = 1;

const SCHEMA = `
  CREATE TABLE image (manifest TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE source (
    digest TEXT NOT NULL, repository TEXT NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (digest, repository)
  ) WITHOUT ROWID, STRICT;
  PRAGMA user_version = ${VERSION};
`;

const DAMAGED = ["SQLITE_NOTADB", "SQLITE_CORRUPT"];

/**
 * Makes it when it is missing; replaces one that is damaged. The caller closes it. Undefined: a later
 * version of this program made it. Throws SQLiteError when it can't be opened.
 */
export function openDatabase(storeRoot: string): Database | undefined {
  try {
    return openSound(storeRoot);
  } catch (error) {
    if (!isDamage(error)) {
      throw error;
    }
  }
  removeDatabase(storeRoot);
  return openSound(storeRoot);
}

/** Undefined: it is sound, not there, or can't be opened now. Else what is wrong with it. */
export function databaseProblem(storeRoot: string): string | undefined {
  if (statAt(AT_FDCWD, `${storeRoot}/${DATABASE_FILE}`) === undefined) {
    return undefined;
  }
  try {
    using database = openSound(storeRoot);
    const query = database?.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)");
    const [row = { integrity_check: "ok" }] = query?.all() ?? [];
    return row.integrity_check === "ok" ? undefined : row.integrity_check;
  } catch (error) {
    if (!(error instanceof SQLiteError)) {
      throw error;
    }
    // On a full disk it can't be opened; that is no damage.
    return isDamage(error) ? error.message : undefined;
  }
}

function openSound(storeRoot: string): Database | undefined {
  using stack = new DisposableStack();
  const path = `${storeRoot}/${DATABASE_FILE}`;
  const database = stack.use(new Database(path, { create: true, strict: true }));
  database.run("PRAGMA busy_timeout = 10000");
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  if (!database.transaction(prepareSchema).immediate(database)) {
    return undefined;
  }
  stack.move();
  return database;
}

/** False: the schema is of a later version. */
function prepareSchema(database: Database): boolean {
  const [row] = database.query<{ user_version: number }, []>("PRAGMA user_version").all();
  const version = row?.user_version ?? 0;
  if (version === 0) {
    database.run(SCHEMA);
  }
  return version <= VERSION;
}

function isDamage(error: unknown): boolean {
  return error instanceof SQLiteError && DAMAGED.some((code) => error.code?.startsWith(code));
}
