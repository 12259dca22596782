// STORE/events.sqlite: the events that have left the hot file (hot-events.ts), in the order in which they
// came.
//
//   source      the hot files that there have been
//     id          INTEGER, key
//     head        TEXT, unique   the first line of the file
//     folded      INTEGER        what stands before this place is in `event`
//     unreadable  INTEGER        how many lines were no events: a process was killed while it wrote
//   event
//     sequence    INTEGER, key
//     source      INTEGER  \
//     place       INTEGER  /     where it stood
//     time        TEXT           as in its document
//     once        TEXT, unique   the document's
//     document    TEXT           event-line.ts
//
// Lines become rows in the transaction that moves `folded` on: whoever is killed has folded them or not.
// PRAGMA user_version is the version of this schema: 1. A file that is damaged is replaced.

import { type Database, SQLiteError } from "bun:sqlite";
import { O_CREAT, O_RDWR } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { removeSqlite } from "../../store/remove-sqlite.ts";
import { isSqliteDamage, openSqlite, sqliteCopy } from "../../store/sqlite-file.ts";
import { makeDirectories, OwnedFd, open, readFile, stat } from "../../sys/file.ts";
import { parseEvent, type RecordedEvent } from "./event-line.ts";
import type { HotEvents } from "./hot-events.ts";

export const EVENT_DATABASE_FILE = "events.sqlite";

const SCHEMA = {
  version: 1,
  losable: "nothing",
  tables: `
  CREATE TABLE source (
    id INTEGER PRIMARY KEY, head TEXT NOT NULL UNIQUE,
    folded INTEGER NOT NULL DEFAULT 0, unreadable INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, place INTEGER NOT NULL,
    time TEXT NOT NULL, once TEXT UNIQUE, document TEXT NOT NULL
  ) STRICT;
`,
} as const;

/** A hot file follows one that somebody has removed: of that there is nothing to fold any more. */
const SOURCES_KEPT = 100;
/** Ten million events are kept at most, and a line has 4 KB: nobody has that many. */
const COPY_BYTES_MAX = 1024 * 1024 * 1024;

export interface EventRange {
  /** Texts as `time` is, or the beginnings of such. */
  readonly since?: string;
  readonly until?: string;
  /** From this place of a hot file on. */
  readonly from?: { readonly head: string; readonly place: number };
}

export interface Folding {
  readonly head: string;
  /** What is behind it may not be on the disk yet. */
  readonly end: number;
  /** How many events are kept in all. */
  readonly keep: number;
}

export interface EventTally {
  readonly kept: number;
  readonly unreadable: number;
}

export class EventDatabase implements Disposable {
  readonly #path: string;
  readonly #database: Database;

  private constructor(path: string, database: Database) {
    this.#path = path;
    this.#database = database;
  }

  /** All of it throws "unavailable" where the file can't be used. Waits for others, who have it for a moment. */
  static open(storeRoot: string): EventDatabase {
    makeDirectories(storeRoot, 0o700);
    const path = `${storeRoot}/${EVENT_DATABASE_FILE}`;
    // For its owner alone, whoever made the folder: SQLite's own files follow it.
    new OwnedFd(open(path, O_RDWR | O_CREAT, 0o600))[Symbol.dispose]();
    const database = attempt(path, () => openOrReplace(path));
    if (database === undefined) {
      throw unusable(path, "a later version of this program made it");
    }
    return new EventDatabase(path, database);
  }

  /** In memory, where the file can't be written to. What another process has not brought into the file yet is missing. */
  static openCopy(storeRoot: string): EventDatabase {
    const path = `${storeRoot}/${EVENT_DATABASE_FILE}`;
    const content = stat(path) === undefined ? undefined : readFile(path, COPY_BYTES_MAX);
    return new EventDatabase(
      path,
      attempt(path, () => sqliteCopy(content, SCHEMA)),
    );
  }

  /** Takes in what has not been yet, and forgets all but the latest `keep`. Returns where it stopped. */
  fold(hot: HotEvents, folding: Folding): number {
    const database = this.#database;
    const transaction = database.transaction(() => foldLines(database, hot, folding));
    return attempt(this.#path, () => transaction.immediate());
  }

  /** In order. */
  select({ since = "", until = "~", from }: EventRange): RecordedEvent[] {
    const query = `SELECT document FROM event WHERE time >= ?1 AND time <= ?2
       AND (?3 < 0 OR (source = ?3 AND place >= ?4)) ORDER BY sequence`;
    const rows = attempt(this.#path, () =>
      this.#database
        .query<{ document: string }, [string, string, number, number]>(query)
        .all(since, until, from === undefined ? -1 : this.#sourceOf(from.head), from?.place ?? 0),
    );
    return rows.flatMap(({ document }) => parseEvent(document) ?? []);
  }

  tally(): EventTally {
    const query = this.#database.query<EventTally, []>(
      `SELECT (SELECT COUNT(*) FROM event) AS kept,
         (SELECT COALESCE(SUM(unreadable), 0) FROM source) AS unreadable`,
    );
    return attempt(this.#path, () => query.get()) ?? { kept: 0, unreadable: 0 };
  }

  #sourceOf(head: string): number {
    const query = this.#database.query<{ id: number }, [string]>(
      "SELECT id FROM source WHERE head = ?",
    );
    return query.get(head)?.id ?? 0;
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

function foldLines(database: Database, hot: HotEvents, { head, end, keep }: Folding): number {
  database.query("INSERT OR IGNORE INTO source (head) VALUES (?)").run(head);
  const found = database
    .query<{ id: number; folded: number }, [string]>("SELECT id, folded FROM source WHERE head = ?")
    .get(head);
  const { id, folded: start } = found ?? { id: 0, folded: 0 };
  const insert = database.query(
    "INSERT OR IGNORE INTO event (source, place, time, once, document) VALUES (?, ?, ?, ?, ?)",
  );
  let folded = start;
  let unreadable = 0;
  for (const { offset, end: behind, text } of hot.lines(start)) {
    if (behind > end) {
      break;
    }
    const event = text === undefined ? undefined : parseEvent(text);
    if (event === undefined) {
      unreadable += 1;
    } else {
      insert.run(id, offset, event.time, event.once ?? null, text ?? "");
    }
    folded = behind;
  }
  database
    .query("UPDATE source SET folded = ?, unreadable = unreadable + ? WHERE id = ?")
    .run(folded, unreadable, id);
  database
    .query("DELETE FROM event WHERE sequence <= (SELECT MAX(sequence) FROM event) - ?")
    .run(keep);
  database
    .query("DELETE FROM source WHERE id <= (SELECT MAX(id) FROM source) - ?")
    .run(SOURCES_KEPT);
  return folded;
}

function openOrReplace(path: string): Database | undefined {
  try {
    return openSqlite(path, SCHEMA);
  } catch (error) {
    if (!isSqliteDamage(error)) {
      throw error;
    }
  }
  removeSqlite(path);
  return openSqlite(path, SCHEMA);
}

function attempt<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SQLiteError)) {
      throw error;
    }
    throw unusable(path, error.message, error);
  }
}

function unusable(path: string, reason: string, cause?: unknown): OcicatError {
  return new OcicatError("unavailable", {
    operation: "use",
    subject: `the database of events ${quote(path)}`,
    reason,
    cause,
    hint: "without --since, --until and --no-stream it is not needed",
  });
}
