// Makes another form of an image: its layers in another compression, its documents in other media types.
// What a container sees stays the same, byte for byte: DiffIDs and configuration, and with it the image's
// id. Manifests and indexes are written anew; their annotations stay.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isForeignLayer, type LayerCompression, layerCompression } from "../../oci/media-types.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import type { ContentStore } from "../content/content-store.ts";
import { AssembledSource } from "./assembled-source.ts";
import { type CompressionChoice, checkLevel } from "./compress.ts";
import { compressLayer } from "./compressed-layer.ts";
import { storedBlob, uncompressedLayer } from "./layer-content.ts";
import {
  encodeManifest,
  familyOf,
  layerType,
  redescribe,
  retypeLayer,
  type TypeFamily,
} from "./layer-types.ts";
import { type LoadedImage, nameImage } from "./load-archive.ts";
import { rewriteIndexes } from "./rewrite-index.ts";
import { manifestFor, readStoredImage, type StoredManifest } from "./stored-image.ts";

export interface ConvertOptions extends Omit<BringInOptions, "allPlatforms"> {
  /** Of every layer; absent: each stays as it is. */
  readonly compression?: LayerCompression;
  /** Layers that have the right compression already are compressed again when there is a level. */
  readonly level?: number;
  /** Absent: those that the image has. */
  readonly mediaTypes?: TypeFamily;
  /** For the image that is made; none: it has no name. */
  readonly names?: readonly string[];
}

/**
 * Converts what the store has of the image, all platforms. Throws "unsupported" for zstd in Docker's
 * media types, "invalid-argument" for a level that does not exist.
 */
export async function convertImage(
  store: ContentStore,
  image: Descriptor,
  options: ConvertOptions,
): Promise<LoadedImage> {
  checkLevel({ compression: options.compression ?? "gzip", ...levelOf(options) });
  using resources = new DisposableStack();
  resources.use(store.lease("convert an image")).protect(image.digest);
  const stored = readStoredImage(store, image);
  const conversion = new Conversion(store, options, resources);
  const changed = new Map<Digest, Descriptor>();
  for (const manifest of stored.manifests) {
    changed.set(manifest.descriptor.digest, await conversion.convert(manifest));
  }
  const { top, indexes } = rewriteIndexes(stored, changed, options.mediaTypes);
  for (const { descriptor, content } of indexes) {
    conversion.source.addDocument(content, descriptor.mediaType);
  }
  const { names = [] } = options;
  const imageId = manifestFor(stored, options.platform).manifest.config.digest;
  if (top.digest === image.digest) {
    await nameImage(store, image, names);
    return { descriptor: image, imageId, names };
  }
  const { bringIn } = await import("../bring-in.ts");
  const all = { ...options, allPlatforms: true };
  using brought = await bringIn(store, conversion.source, top, all);
  await nameImage(store, brought.descriptor, names);
  return { descriptor: brought.descriptor, imageId, names };
}

function levelOf({ level }: ConvertOptions): { readonly level?: number } {
  return level === undefined ? {} : { level };
}

class Conversion {
  readonly source: AssembledSource;
  readonly #store: ContentStore;
  readonly #options: ConvertOptions;
  readonly #resources: DisposableStack;
  /** By DiffID: layers that several manifests have. */
  readonly #converted = new Map<Digest, Descriptor>();

  constructor(store: ContentStore, options: ConvertOptions, resources: DisposableStack) {
    this.source = new AssembledSource(`the store "${store.root}"`);
    this.#store = store;
    this.#options = options;
    this.#resources = resources;
  }

  /** The manifest that stands in its place; itself when it is not of a container's image. */
  async convert(stored: StoredManifest): Promise<Descriptor> {
    const { descriptor, manifest, content, config, diffIds } = stored;
    this.source.addDocument(config, manifest.config.mediaType);
    const isImage = manifest.layers.every(
      ({ mediaType }) => layerCompression(mediaType) !== undefined,
    );
    if (diffIds === undefined || !isImage) {
      this.#keepLayers(manifest.layers);
      this.source.addDocument(content, descriptor.mediaType);
      return descriptor;
    }
    const family = this.#options.mediaTypes ?? familyOf(descriptor.mediaType);
    const layers: Descriptor[] = [];
    for (const [index, layer] of manifest.layers.entries()) {
      layers.push(await this.#convertLayer(layer, diffIds[index] ?? layer.digest, family));
    }
    const isSame =
      family === familyOf(descriptor.mediaType) &&
      layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest);
    const made = isSame
      ? { content, mediaType: descriptor.mediaType }
      : encodeManifest(manifest, layers, family);
    const described = this.source.addDocument(made.content, made.mediaType);
    return { ...descriptor, ...described };
  }

  async #convertLayer(layer: Descriptor, diffId: Digest, family: TypeFamily): Promise<Descriptor> {
    const present = layerCompression(layer.mediaType) ?? "none";
    const compression = this.#options.compression ?? present;
    const isRight = compression === present && this.#options.level === undefined;
    // What a foreign layer's addresses lead to has the digest that it has.
    if (isRight || isForeignLayer(layer.mediaType)) {
      this.#keepLayers([layer]);
      return retypeLayer(layer, family);
    }
    const mediaType = layerType(layer, family, compression);
    const known = this.#converted.get(diffId);
    const choice = { compression, ...levelOf(this.#options) };
    const made = known ?? (await this.#compress(layer, diffId, choice));
    this.#converted.set(diffId, made);
    return redescribe(layer, { ...made, mediaType });
  }

  #keepLayers(layers: readonly Descriptor[]): void {
    for (const layer of layers) {
      const blob = storedBlob(this.#store, layer);
      if (blob !== undefined) {
        this.source.addBlob(layer.digest, blob);
      }
    }
  }

  async #compress(
    layer: Descriptor,
    diffId: Digest,
    choice: CompressionChoice,
  ): Promise<Descriptor> {
    const { signal, onEvent } = this.#options;
    const options = { resources: this.#resources, signal };
    const archive = await uncompressedLayer(this.#store, layer, diffId, options);
    const { mediaType } = layer;
    if (choice.compression === "none") {
      this.source.addBlob(diffId, archive);
      return { mediaType, digest: diffId, size: archive.size };
    }
    const { digest, size, member } = await compressLayer(this.#store, archive, {
      ...choice,
      ...options,
      onProgress: (bytes) => {
        const progress = { digest: layer.digest, bytes, of: archive.size };
        onEvent?.({ kind: "layer", phase: "compressing", ...progress });
      },
    });
    this.source.addBlob(digest, member);
    onEvent?.({ kind: "layer", digest: layer.digest, phase: "done", bytes: size, of: size });
    return { mediaType, digest, size };
  }
}
