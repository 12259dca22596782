// The store as a source of images: of what is pushed.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { ContentStore } from "../content/content-store.ts";
import { readRange } from "../formats/file-range.ts";
import type { PushSource } from "./push-plan.ts";

export class StoreSource implements PushSource {
  readonly description: string;
  readonly #store: ContentStore;

  constructor(store: ContentStore) {
    this.#store = store;
    this.description = `the store "${store.root}"`;
  }

  has({ digest, size }: Descriptor): boolean {
    return this.#store.blobSize(digest) === size;
  }

  async document(descriptor: Descriptor): Promise<Uint8Array> {
    return await Promise.resolve(this.#store.readDocument(descriptor));
  }

  async *blob({ digest, size }: Descriptor, offset: number): AsyncGenerator<Uint8Array, void> {
    using file = this.#store.openBlob(digest);
    yield* readRange(file.number, { offset, length: size - offset }, `the blob ${digest}`);
  }
}
