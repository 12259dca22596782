// How large layers are when they are not compressed: as docker counts an image's size.

import { O_RDONLY } from "../../abi/file.ts";
import type { ContentStore } from "../../image/content/content-store.ts";
import { readLayerFileHeader } from "../../image/erofs/layer-file.ts";
import { chainIds } from "../../image/layers/chain-id.ts";
import { layerFileName } from "../../image/layers/layer-names.ts";
import { layerName } from "../../image/record.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseJson } from "../../store/parse-json.ts";
import { OwnedFd, readTextAtIfExists, tryOpenAt } from "../../sys/file.ts";

export interface LayerList {
  /** Of the blobs, the base layer first. */
  readonly layers: readonly Digest[];
  /** Of the uncompressed layers; none for an artifact. */
  readonly diffIds: readonly Digest[];
}

export class LayerSizes {
  readonly #store: ContentStore;
  /** Images that begin with the same layers ask for them again and again. */
  readonly #known = new Map<string, number>();

  constructor(store: ContentStore) {
    this.#store = store;
  }

  /**
   * Bytes of each layer's archive, the base layer first. A layer that was never unpacked here counts as
   * large as it came.
   */
  of({ layers, diffIds }: LayerList): readonly number[] {
    const chain = chainIds(diffIds);
    return layers.map((layer, index) => {
      const chainId = chain[index] ?? layer;
      const known = this.#known.get(chainId);
      const size = known ?? this.#sizeOf(layer, diffIds[index], chainId);
      this.#known.set(chainId, size);
      return size;
    });
  }

  /** Of the whole image. */
  sum(list: LayerList): number {
    return this.of(list).reduce((sum, size) => sum + size, 0);
  }

  #sizeOf(layer: Digest, diffId: Digest | undefined, chainId: Digest): number {
    const unpacked =
      diffId === undefined || diffId === layer
        ? undefined
        : (this.#layerFileSize(diffId) ?? this.#folderSize(chainId));
    return unpacked ?? this.#store.blobSize(layer) ?? 0;
  }

  #layerFileSize(diffId: Digest): number | undefined {
    const fd = tryOpenAt(this.#store.folders.layers.number, layerFileName(diffId), O_RDONLY);
    if (fd < 0) {
      return undefined;
    }
    using file = new OwnedFd(fd);
    return readLayerFileHeader(file.number).tarBytes;
  }

  #folderSize(chainId: Digest): number | undefined {
    for (const ownership of ["keep", "single"] as const) {
      const path = `${layerName(chainId, ownership)}/layer.json`;
      const text = readTextAtIfExists(this.#store.folders.layers.number, path);
      const bytes = text === undefined ? undefined : bytesIn(text);
      if (bytes !== undefined) {
        return bytes;
      }
    }
    return undefined;
  }
}

function bytesIn(text: string): number | undefined {
  const value = parseJson(text);
  const bytes =
    typeof value === "object" && value !== null && "bytes" in value ? value.bytes : undefined;
  return typeof bytes === "number" ? bytes : undefined;
}
