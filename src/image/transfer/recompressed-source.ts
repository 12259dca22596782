// What a push takes in place of compressed layers that the store has dropped (storage.compressed =
// "drop"), and of all layers where another compression is asked for: their archives, compressed again. The
// bytes are others than those that the image came with, so that manifests and indexes are written anew; the
// image stays the same, and so does its id. What was dropped and the target has anyway is left as it was.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isForeignLayer, type LayerCompression, layerCompression } from "../../oci/media-types.ts";
import { statAt } from "../../sys/file.ts";
import type { ContentStore } from "../content/content-store.ts";
import { AssembledSource } from "../formats/assembled-source.ts";
import { type CompressionChoice, checkLevel } from "../formats/compress.ts";
import { compressLayer } from "../formats/compressed-layer.ts";
import { uncompressedLayer } from "../formats/layer-content.ts";
import {
  encodeManifest,
  familyOf,
  layerType,
  redescribe,
  retypeLayer,
  type TypeFamily,
} from "../formats/layer-types.ts";
import { rewriteIndexes } from "../formats/rewrite-index.ts";
import { readStoredImage, type StoredImage, type StoredManifest } from "../formats/stored-image.ts";
import type { ImageEvent } from "../image-event.ts";
import { layerFileName } from "../layers/layer-names.ts";
import type { PushSource } from "./push-plan.ts";

/** What is pushed in place of what the store has. */
export interface PushForm {
  /** Of every layer; absent: each stays as it is. */
  readonly compression?: LayerCompression;
  /** Layers that have the right compression already are compressed again when there is a level. */
  readonly level?: number;
  /** Absent: those that the image has. */
  readonly mediaTypes?: TypeFamily;
}

export interface RecompressRequest {
  readonly store: ContentStore;
  readonly local: PushSource;
  readonly top: Descriptor;
  readonly form?: PushForm | undefined;
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

/** Undefined: it goes as it is. Throws "invalid-argument" for a level that does not exist. */
export async function recompressForPush(
  request: RecompressRequest,
): Promise<Recompressed | undefined> {
  const { store, top, form } = request;
  const { compression = "gzip", level } = form ?? {};
  checkLevel({ compression, ...(level === undefined ? {} : { level }) });
  const stored = readIfStored(store, top);
  if (stored === undefined) {
    return undefined;
  }
  const work = new Recompression(request);
  const changed = new Map<Digest, Descriptor>();
  for (const manifest of stored.manifests) {
    changed.set(manifest.descriptor.digest, await work.restore(manifest));
  }
  const rewritten = rewriteIndexes(stored, changed, form?.mediaTypes);
  if (!work.hasDropped && rewritten.top.digest === top.digest) {
    return undefined;
  }
  for (const { descriptor, content } of rewritten.indexes) {
    work.addDocument(content, descriptor);
  }
  if (work.hasDropped && rewritten.top.digest !== top.digest) {
    const what = `${top.digest} is pushed as ${rewritten.top.digest}`;
    const text = `layers that the store does not keep are compressed again: ${what}`;
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
    const present = familyOf(descriptor.mediaType);
    const isImage = diffIds !== undefined;
    const family = (isImage ? this.#request.form?.mediaTypes : undefined) ?? present;
    const layers: Descriptor[] = [];
    for (const [index, layer] of manifest.layers.entries()) {
      const restored = await this.#restoreLayer(layer, diffIds?.[index], family);
      layers.push(retypeLayer(restored, family));
    }
    const isSame = layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest);
    if (isSame && family === present) {
      return descriptor;
    }
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

  async #restoreLayer(
    layer: Descriptor,
    diffId: Digest | undefined,
    family: TypeFamily,
  ): Promise<Descriptor> {
    // What a foreign layer's addresses lead to has the digest that it has.
    if (diffId === undefined || isForeignLayer(layer.mediaType)) {
      return layer;
    }
    const present = layerCompression(layer.mediaType) ?? "gzip";
    const { compression = present, level } = this.#request.form ?? {};
    if (compression === present && level === undefined) {
      if (this.#request.local.has(layer) || !this.#hasLayerFile(diffId)) {
        return layer;
      }
      this.#hasDropped = true;
      if (await this.#request.isAtTarget(layer)) {
        this.#atTarget.add(layer.digest);
        return layer;
      }
    }
    const mediaType = layerType(layer, family, compression);
    const choice = { compression, ...(level === undefined ? {} : { level }) };
    const known = this.#layers.get(diffId) ?? (await this.#compress(layer, diffId, choice));
    this.#layers.set(diffId, known);
    return redescribe(layer, { ...known, mediaType });
  }

  #hasLayerFile(diffId: Digest): boolean {
    return statAt(this.#request.store.folders.layers.number, layerFileName(diffId)) !== undefined;
  }

  async #compress(
    layer: Descriptor,
    diffId: Digest,
    choice: CompressionChoice,
  ): Promise<Descriptor> {
    const { store, resources, signal, onEvent } = this.#request;
    const archive = await uncompressedLayer(store, layer, diffId, { resources, signal });
    if (choice.compression === "none") {
      this.#made.addBlob(diffId, archive);
      this.#madeDigests.add(diffId);
      return { mediaType: layer.mediaType, digest: diffId, size: archive.size };
    }
    const { digest, size, member } = await compressLayer(store, archive, {
      ...choice,
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
