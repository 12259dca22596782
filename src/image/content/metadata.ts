// What the store remembers beside its content, in its database (database.ts). It speeds things up and can
// be done without: where the database can't be used nothing is remembered, and nothing fails.

import { type Database, SQLiteError } from "bun:sqlite";
import { AT_FDCWD } from "../../abi/file.ts";
import type { Digest } from "../../oci/digest.ts";
import { statAt } from "../../sys/file.ts";
import { openDatabase } from "./database.ts";
import { DATABASE_FILE, removeDatabase } from "./database-files.ts";
import { type ImageFacts, parseImageFacts } from "./image-facts.ts";

export class Metadata {
  readonly #storeRoot: string;

  constructor(storeRoot: string) {
    this.#storeRoot = storeRoot;
  }

  /** What is remembered of manifests, by their digests. */
  findFacts(manifests: readonly Digest[]): ReadonlyMap<Digest, ImageFacts> {
    const found = new Map<Digest, ImageFacts>();
    this.#attempt((database) => {
      const query = database.query<{ facts: string }, [string]>(
        "SELECT facts FROM image WHERE manifest = ?",
      );
      for (const manifest of manifests) {
        const row = query.get(manifest);
        const facts = row === null ? undefined : parseImageFacts(row.facts);
        if (facts !== undefined) {
          found.set(manifest, facts);
        }
      }
    });
    return found;
  }

  rememberFacts(facts: readonly ImageFacts[]): void {
    this.#change((database) => {
      const insert = database.query("INSERT OR REPLACE INTO image VALUES (?, ?)");
      for (const each of facts) {
        insert.run(each.manifest, JSON.stringify(each));
      }
    });
  }

  /** A repository ("docker.io/library/debian") has these blobs and manifests: they came from or went there. */
  noteSource(repository: string, digests: readonly Digest[]): void {
    const seen = Math.floor(Date.now() / 1000);
    this.#change((database) => {
      const insert = database.query("INSERT OR REPLACE INTO source VALUES (?, ?, ?)");
      for (const digest of digests) {
        insert.run(digest, repository, seen);
      }
    });
  }

  /** The repositories that have, or had, a blob or manifest; the one seen last comes first. */
  sourcesOf(digest: Digest): readonly string[] {
    const rows = this.#attempt((database) =>
      database
        .query<{ repository: string }, [string]>(
          "SELECT repository FROM source WHERE digest = ? ORDER BY seen DESC, repository",
        )
        .all(digest),
    );
    return (rows ?? []).map(({ repository }) => repository);
  }

  isThere(): boolean {
    return statAt(AT_FDCWD, `${this.#storeRoot}/${DATABASE_FILE}`) !== undefined;
  }

  /** Of content that is not here any more. */
  forget(digests: readonly Digest[]): void {
    if (!this.isThere()) {
      return;
    }
    this.#change((database) => {
      const image = database.query("DELETE FROM image WHERE manifest = ?");
      const source = database.query("DELETE FROM source WHERE digest = ?");
      for (const digest of digests) {
        image.run(digest);
        source.run(digest);
      }
    });
  }

  #change(action: (database: Database) => void): void {
    this.#attempt((database) => database.transaction(action).immediate(database));
  }

  /** Undefined: it can't be used. It is open for this moment alone: others wait. */
  #attempt<Result>(action: (database: Database) => Result): Result | undefined {
    try {
      using database = openDatabase(this.#storeRoot);
      return database === undefined ? undefined : action(database);
    } catch (error) {
      if (!(error instanceof SQLiteError)) {
        throw error;
      }
      if (error.code?.startsWith("SQLITE_CORRUPT")) {
        removeDatabase(this.#storeRoot);
      }
      return undefined;
    }
  }
}
