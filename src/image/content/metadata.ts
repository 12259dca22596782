// What the store remembers beside its content, in its database (database.ts). It speeds things up and can
// be done without: where the database can't be used nothing is remembered, and nothing fails.

import { type Database, SQLiteError } from "bun:sqlite";
import { AT_FDCWD } from "../../abi/file.ts";
import type { Digest } from "../../oci/digest.ts";
import { statAt } from "../../sys/file.ts";
import { DATABASE_FILE, openDatabase, removeDatabase } from "./database.ts";
import { type ImageFacts, parseImageFacts } from "./image-facts.ts";

export class Metadata implements Disposable {
  readonly #storeRoot: string;
  #database: Database | undefined;
  #isUnusable = false;

  constructor(storeRoot: string) {
    this.#storeRoot = storeRoot;
  }

  /** What is remembered of a manifest. */
  findFacts(manifest: Digest): ImageFacts | undefined {
    return this.#attempt((database) => {
      const query = database.query<{ facts: string }, [string]>(
        "SELECT facts FROM image WHERE manifest = ?",
      );
      const row = query.get(manifest);
      return row === null ? undefined : parseImageFacts(row.facts);
    });
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

  /** Of content that is not here any more. */
  forget(digests: readonly Digest[]): void {
    if (statAt(AT_FDCWD, `${this.#storeRoot}/${DATABASE_FILE}`) === undefined) {
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

  /** Undefined: it can't be used. */
  #attempt<Result>(action: (database: Database) => Result): Result | undefined {
    if (this.#isUnusable) {
      return undefined;
    }
    try {
      this.#database ??= openDatabase(this.#storeRoot);
      this.#isUnusable = this.#database === undefined;
      return this.#database === undefined ? undefined : action(this.#database);
    } catch (error) {
      if (!(error instanceof SQLiteError)) {
        throw error;
      }
      this.#isUnusable = true;
      if (error.code?.startsWith("SQLITE_CORRUPT")) {
        removeDatabase(this.#storeRoot);
      }
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#database?.close();
  }
}
