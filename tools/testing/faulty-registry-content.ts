// What the faulty registry has: blobs and manifests by repository, in memory.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface StoredManifest {
  readonly content: Uint8Array;
  readonly mediaType: string;
}

export interface StoredDescriptor {
  readonly mediaType: string;
  readonly digest: `sha256:${string}`;
  readonly size: number;
}

class Repository {
  readonly blobs = new Map<string, Uint8Array>();
  /** By digest. */
  readonly manifests = new Map<string, StoredManifest>();
  readonly tags = new Map<string, string>();
}

export class RegistryContent {
  readonly #repositories = new Map<string, Repository>();

  get names(): string[] {
    return [...this.#repositories.keys()].sort();
  }

  has(path: string): boolean {
    return this.#repositories.has(path);
  }

  repository(path: string): Repository {
    let repository = this.#repositories.get(path);
    if (repository === undefined) {
      repository = new Repository();
      this.#repositories.set(path, repository);
    }
    return repository;
  }

  addBlob(path: string, content: Uint8Array, mediaType: string): StoredDescriptor {
    const digest = digestOf(content);
    this.repository(path).blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  }

  /** `document` is written as JSON, unless it is bytes. */
  addManifest(path: string, tag: string | undefined, document: object): StoredDescriptor {
    const isBytes = document instanceof Uint8Array;
    const content = isBytes ? document : new TextEncoder().encode(JSON.stringify(document));
    const mediaType = mediaTypeOf(content);
    const digest = digestOf(content);
    const repository = this.repository(path);
    repository.manifests.set(digest, { content, mediaType });
    if (tag !== undefined) {
      repository.tags.set(tag, digest);
    }
    return { mediaType, digest, size: content.length };
  }

  /** All that index.json of an OCI image layout leads to, under the tag if there is one. */
  addLayout(path: string, folder: string, tag: string | undefined): StoredDescriptor {
    const index: Document = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
    const [top, ...others] = index.manifests ?? [];
    if (top === undefined) {
      throw new Error(`serve the layout "${folder}": its index is empty`);
    }
    for (const other of others) {
      this.#addFrom(path, folder, other, undefined);
    }
    return this.#addFrom(path, folder, top, tag);
  }

  #addFrom(path: string, folder: string, top: Part, tag: string | undefined): StoredDescriptor {
    const content = readFileSync(join(folder, "blobs", top.digest.replace(":", "/")));
    const document: Document = JSON.parse(content.toString());
    for (const child of document.manifests ?? []) {
      this.#addFrom(path, folder, child, undefined);
    }
    const blobs = [document.config, ...(document.layers ?? [])].filter(
      (each) => each !== undefined,
    );
    for (const { digest, mediaType } of blobs) {
      this.addBlob(path, readFileSync(join(folder, "blobs", digest.replace(":", "/"))), mediaType);
    }
    return this.addManifest(path, tag, content);
  }
}

interface Part {
  readonly mediaType: string;
  readonly digest: string;
}

interface Document {
  readonly manifests?: readonly Part[];
  readonly config?: Part;
  readonly layers?: readonly Part[];
}

export function digestOf(content: Uint8Array): `sha256:${string}` {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** What the document says of itself. */
export function mediaTypeOf(content: Uint8Array): string {
  try {
    const { mediaType } = JSON.parse(new TextDecoder().decode(content));
    return typeof mediaType === "string" ? mediaType : "application/vnd.oci.image.manifest.v1+json";
  } catch {
    return "application/octet-stream";
  }
}
