// Writes into the files of a container that runs with other ids than the host's: what an archive says is the
// owner's id inside. Its file system can't keep the ids of whoever writes, so all is made as its root.

import { withFileIds } from "../../sys/file-ids.ts";
import type { MapOwner, Owner } from "../formats/export-item.ts";
import type { TarEntry, TarHandler } from "../tar/entry.ts";
import type { TreeWriter } from "./tree-writer.ts";

export class MappedWriter implements TarHandler {
  readonly #writer: TreeWriter;
  readonly #mapOwner: MapOwner;
  readonly #root: Owner;

  /** `mapOwner`: whose something is on the host, by whose it is inside. */
  constructor(writer: TreeWriter, mapOwner: MapOwner) {
    this.#writer = writer;
    this.#mapOwner = mapOwner;
    this.#root = mapOwner({ uid: 0, gid: 0 });
  }

  begin(entry: TarEntry): void {
    const { uid, gid } = this.#mapOwner(entry);
    withFileIds(this.#root, () => this.#writer.begin({ ...entry, uid, gid }));
  }

  data(chunk: Uint8Array, offset: number): void {
    this.#writer.data(chunk, offset);
  }

  end(): void {
    withFileIds(this.#root, () => this.#writer.end());
  }

  finish(): readonly string[] {
    return withFileIds(this.#root, () => this.#writer.finish());
  }
}
