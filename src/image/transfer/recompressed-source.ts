// What a push takes in place of compressed layers that the store has dropped (storage.compressed =
// "drop"): their archives, from the layer files, compressed again. The bytes are others than those that
// were dropped, so that manifests and indexes are written anew; the image stays the same, and so does its
// id. What the target has anyway is left as it was.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { layerCompression } from "../../oci/media-types.ts";
import { statAt } from "../../sys/file.ts";
import type { ContentStore } from "../content/content-store.ts";
import { AssembledSource } from "../formats/assembled-source.ts";
import { compressLayer } from "../formats/compressed-layer.ts";
import { uncompressedLayer } from "../formats/layer-content.ts";
import { encodeManifest, familyOf, redescribe } from "../formats/layer-types.ts";
import { rewriteIndexes } from "../formats/rewrite-index.ts";
import { readStoredImage, type StoredImage, type StoredManifest } from "../formats/stored-image.ts";
import type { ImageEvent } from "../image-event.ts";
import { layerFileName } from "../layers/layer-names.ts";
import type { PushSource } from "./push-plan.ts";

export interface RecompressRequest {
  readonly store: ContentStore;
  readonly local: PushSource;
  readonly top: Descriptor;
  /** Whether the target has a blob, or can take it from another of its repositories. */
  readonly isAtTarget: (layer: Descriptor) => Promise<boolean>;
  /** Takes over the files with what was compressed. */
  readonly resources: DisposableStack;
  readonly onEvent?: ((event: ImageEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Recompressed {
  readonly source: PushSource;
  readonly top: Descriptor;
}

/** Undefined: nothing of it was dropped. */
export async function recompressDropped(
  request: RecompressRequest,
): Promise<Recompressed | undefined> {
  const { store, top } = request;
  const stored = readIfStored(store, top);
  if (stored === undefined) {
    return undefined;
  }
  const work = new Recompression(request);
  const changed = new Map<Digest, Descriptor>();
  for (const manifest of stored.manifests) {
    changed.set(manifest.descriptor.digest, await work.restore(manifest));
  }
  if (!work.hasDropped) {
    return undefined;
  }
  const rewritten = rewriteIndexes(stored, changed);
  for (const { descriptor, content } of rewritten.indexes) {
    work.addDocument(content, descriptor);
  }
  if (rewritten.top.digest !== top.digest) {
    const text = `layers that the store does not keep are compressed again: ${top.digest} is pushed as ${rewritten.top.digest}`;
    request.onEvent?.({ kind: "note", text });
  }
  return { source: work, top: rewritten.top };
}

/** Undefined: a document is missing, which whoever plans the push has to tell. */
function readIfStored(store: ContentStore, top: Descriptor): StoredImage | undefined {
  try {
    return readStoredImage(store, top);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

/** The store, with what was made here and what is at the target. */
class Recompression implements PushSource {
  readonly description: string;
  readonly #request: RecompressRequest;
  readonly #made: AssembledSource;
  readonly #madeDigests = new Set<Digest>();
  readonly #atTarget = new Set<Digest>();
  /** By DiffID. */
  readonly #layers = new Map<Digest, Descriptor>();
  #hasDropped = false;

  constructor(request: RecompressRequest) {
    this.#request = request;
    this.description = request.local.description;
    this.#made = new AssembledSource(this.description);
  }

  get hasDropped(): boolean {
    return this.#hasDropped;
  }

  /** The manifest that stands in its place; itself when nothing has to be compressed. */
  async restore(stored: StoredManifest): Promise<Descriptor> {
    const { descriptor, manifest, diffIds } = stored;
    const layers: Descriptor[] = [];
    for (const [index, layer] of manifest.layers.entries()) {
      layers.push(await this.#restoreLayer(layer, diffIds?.[index]));
    }
    if (layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest)) {
      return descriptor;
    }
    const family = familyOf(descriptor.mediaType);
    const { content, mediaType } = encodeManifest(manifest, layers, family);
    const described = this.addDocument(content, { ...descriptor, mediaType });
    return { ...descriptor, ...described };
  }

  addDocument(content: Uint8Array, { mediaType }: Descriptor): Descriptor {
    const described = this.#made.addDocument(content, mediaType);
    this.#madeDigests.add(described.digest);
    return described;
  }

  has(descriptor: Descriptor): boolean {
    const { digest } = descriptor;
    return (
      this.#madeDigests.has(digest) ||
      this.#atTarget.has(digest) ||
      this.#request.local.has(descriptor)
    );
  }

  async document(descriptor: Descriptor): Promise<Uint8Array> {
    return await this.#sourceOf(descriptor).document(descriptor);
  }

  blob(descriptor: Descriptor, offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#sourceOf(descriptor).blob(descriptor, offset, signal);
  }

  #sourceOf({ digest }: Descriptor): Pick<PushSource, "document" | "blob"> {
    return this.#madeDigests.has(digest) ? this.#made : this.#request.local;
  }

  async #restoreLayer(layer: Descriptor, diffId: Digest | undefined): Promise<Descriptor> {
    if (diffId === undefined || this.#request.local.has(layer) || !this.#hasLayerFile(diffId)) {
      return layer;
    }
    this.#hasDropped = true;
    if (await this.#request.isAtTarget(layer)) {
      this.#atTarget.add(layer.digest);
      return layer;
    }
    const known = this.#layers.get(diffId) ?? (await this.#compress(layer, diffId));
    this.#layers.set(diffId, known);
    return redescribe(layer, known);
  }

  #hasLayerFile(diffId: Digest): boolean {
    return statAt(this.#request.store.folders.layers.number, layerFileName(diffId)) !== undefined;
  }

  async #compress(layer: Descriptor, diffId: Digest): Promise<Descriptor> {
    const { store, resources, signal, onEvent } = this.#request;
    const archive = await uncompressedLayer(store, layer, diffId, { resources, signal });
    const compression = layerCompression(layer.mediaType) ?? "gzip";
    const { digest, size, member } = await compressLayer(store, archive, {
      compression,
      resources,
      signal,
      onProgress: (bytes) => {
        const progress = { digest: layer.digest, bytes, of: archive.size };
        onEvent?.({ kind: "layer", phase: "compressing", ...progress });
      },
    });
    this.#made.addBlob(digest, member);
    this.#madeDigests.add(digest);
    onEvent?.({ kind: "layer", digest: layer.digest, phase: "done", bytes: size, of: size });
    return { mediaType: layer.mediaType, digest, size };
  }
}
