// Writes into the files of a container that has other ids than those of whoever writes: what an archive says is
// the owner's id inside. Its file system may not keep the ids of whoever writes, so all is made as its root.

import { withFileIds } from "../../sys/file-ids.ts";
import type { Owner } from "../formats/export-item.ts";
import type { TarEntry, TarHandler } from "../tar/entry.ts";
import { Notes } from "../unpack/notes.ts";
import type { TreeWriter } from "./tree-writer.ts";

/** What is written for an entry of the archive: with owners as they are outside. */
export type MapEntry = (entry: TarEntry, notes: Notes) => TarEntry;

export class MappedWriter implements TarHandler {
  readonly #writer: TreeWriter;
  readonly #root: Owner;
  readonly #map: MapEntry;
  readonly #notes = new Notes();

  /** `root`: the container's, outside. */
  constructor(writer: TreeWriter, root: Owner, map: MapEntry) {
    this.#writer = writer;
    this.#root = root;
    this.#map = map;
  }

  begin(entry: TarEntry): void {
    const mapped = this.#map(entry, this.#notes);
    withFileIds(this.#root, () => this.#writer.begin(mapped));
  }

  data(chunk: Uint8Array, offset: number): void {
    this.#writer.data(chunk, offset);
  }

  end(): void {
    withFileIds(this.#root, () => this.#writer.end());
  }

  finish(): readonly string[] {
    const said = withFileIds(this.#root, () => this.#writer.finish());
    return [...said, ...this.#notes.sentences()];
  }
}
