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
// PRAGMA user_version is the version of this schema: 1. Leases are not here: a lock is released by the
// kernel when its holder dies (src/store/lease.ts).

import { type Database, SQLiteError } from "bun:sqlite";
import { AT_FDCWD } from "../../abi/file.ts";
import { isSqliteDamage, openSqlite } from "../../store/sqlite-file.ts";
import { statAt } from "../../sys/file.ts";
import { DATABASE_FILE, removeDatabase } from "./database-files.ts";

const VERSION = 1;

const TABLES = `
  CREATE TABLE image (manifest TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE source (
    digest TEXT NOT NULL, repository TEXT NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (digest, repository)
  ) WITHOUT ROWID, STRICT;
`;

/**
 * Makes it when it is missing; replaces one that is damaged. The caller closes it. Undefined: a later
 * version of this program made it. Throws SQLiteError when it can't be opened.
 */
export function openDatabase(storeRoot: string): Database | undefined {
  try {
    return openSound(storeRoot);
  } catch (error) {
    if (!isSqliteDamage(error)) {
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
    return isSqliteDamage(error) ? error.message : undefined;
  }
}

function openSound(storeRoot: string): Database | undefined {
  const schema = { version: VERSION, tables: TABLES, losable: "all" } as const;
  return openSqlite(`${storeRoot}/${DATABASE_FILE}`, schema);
}
