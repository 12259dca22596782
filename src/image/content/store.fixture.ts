// A store in a temporary folder, and images in it, for tests.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest, DigestAlgorithm } from "../../oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import { bytes, encodeText } from "../../sys/memory.ts";
import { ContentStore } from "./content-store.ts";

const CHUNK_BYTES = 16_000;

export const AMD64: Platform = { os: "linux", architecture: "amd64" };

export function digestOf(content: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(content).digest("hex")}`;
}

/** `size` bytes that look random; others for another seed. */
export function contentOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const content = bytes(size);
  let state = seed;
  for (let index = 0; index < size; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content[index] = state >>> 24;
  }
  return content;
}

export function layerDescriptor(content: Uint8Array, algorithm?: DigestAlgorithm): Descriptor {
  return {
    mediaType: OCI_LAYER_GZIP,
    digest: digestOf(content, algorithm),
    size: content.length,
  };
}

/** The bytes from an offset on, in small chunks, as a network hands them out. */
export async function* chunksOf(content: Uint8Array, offset = 0): AsyncGenerator<Uint8Array, void> {
  for (let at = offset; at < content.length; at += CHUNK_BYTES) {
    await Promise.resolve();
    yield content.subarray(at, at + CHUNK_BYTES);
  }
}

export interface TestImage {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A folder with a store, until it is disposed of. */
export class TestStore implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ocicat-content-"));
  readonly root = join(this.folder, "store");
  content = new ContentStore(this.root);

  /** As another process sees it: nothing is protected because it came in just now. */
  reopen(): ContentStore {
    this.content[Symbol.dispose]();
    this.content = new ContentStore(this.root);
    return this.content;
  }

  async addBlob(content: Uint8Array): Promise<Descriptor> {
    const descriptor = layerDescriptor(content);
    await this.content.ingest({ descriptor, open: (offset) => chunksOf(content, offset) });
    return descriptor;
  }

  addDocument(document: unknown, mediaType: string): Descriptor {
    return this.content.writeDocument(encodeText(JSON.stringify(document)), mediaType);
  }

  /** An image with one layer for each seed. Seeds are DiffIDs too, as far as anybody here knows. */
  async addImage(seeds: readonly number[], platform = AMD64): Promise<TestImage> {
    const layers: Descriptor[] = [];
    for (const seed of seeds) {
      layers.push(await this.addBlob(contentOf(50_000, seed)));
    }
    const config = this.addDocument(
      {
        ...platform,
        created: "2026-01-02T03:04:05Z",
        config: { Labels: { seeds: seeds.join(",") } },
        rootfs: { type: "layers", diff_ids: seeds.map(diffIdOf) },
      },
      OCI_CONFIG,
    );
    const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
    return { manifest: this.addDocument(document, OCI_MANIFEST), config, layers };
  }

  addIndex(manifests: readonly Descriptor[]): Descriptor {
    return this.addDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  }

  [Symbol.dispose](): void {
    this.content[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The DiffID of the layer that addImage makes of a seed. */
export function diffIdOf(seed: number): Digest {
  return digestOf(encodeText(`the layer ${seed}`));
}
