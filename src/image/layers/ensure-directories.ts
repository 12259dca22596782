// The layers of an image as folders, unpacked one on top of the other from their blobs: each as soon as it
// and those below it are there, while others still download.

import { O_RDONLY } from "../../abi/file.ts";
import { OwnedFd, statAt, tryOpenAt } from "../../sys/file.ts";
import { readLayerFileHeader } from "../erofs/layer-file.ts";
import { ensureLayer } from "../layer-store.ts";
import { layerName, layerPath, type Ownership } from "../record.ts";
import type { LayerSource } from "../unpack/unpack-layer.ts";
import { type BringInContext, reportLayer } from "./bring-in-context.ts";
import { chainIds } from "./chain-id.ts";
import type { ImageLayer } from "./ensure-layer-file.ts";
import { ingestWhole } from "./ingest-blob.ts";
import { layerFileName } from "./layer-names.ts";

export interface UnpackedLayers {
  /** Names under layers/, topmost first. */
  readonly layers: readonly string[];
  /** What could not be kept. */
  readonly notes: readonly string[];
}

/** Brings in what a folder is unpacked from: the blob, unless a layer file has it. */
export async function ensureBlob(context: BringInContext, { blob, diffId }: ImageLayer) {
  const { store, compressed } = context;
  const hasFile = statAt(store.folders.layers.number, layerFileName(diffId)) !== undefined;
  if (compressed === "keep" || !hasFile) {
    await ingestWhole(context, blob);
  }
}

/** `arrived`: for each layer, in order, fulfilled when its blob is there. */
export async function ensureDirectories(
  context: BringInContext,
  layers: readonly ImageLayer[],
  {
    arrived,
    ownership,
  }: { readonly arrived: readonly Promise<void>[]; readonly ownership: Ownership },
): Promise<UnpackedLayers> {
  const { store, limits, signal } = context;
  const chain = chainIds(layers.map(({ diffId }) => diffId));
  const names: string[] = [];
  const notes: string[] = [];
  for (const [index, layer] of layers.entries()) {
    await arrived[index];
    const { blob } = layer;
    const name = layerName(chain[index] ?? layer.diffId, ownership);
    const lower = names.map((each) => layerPath(store.root, each));
    const request = { name, source: sourceOf(context, layer), lower, ownership };
    const layerNotes = await ensureLayer(store.folders, request, {
      limits,
      signal,
      onWait: () => reportLayer(context, blob, { phase: "waiting", bytes: 0 }),
      onRead: (bytes) => reportLayer(context, blob, { phase: "unpacking", bytes }),
    });
    reportLayer(context, blob, { phase: "done", bytes: blob.size });
    notes.push(...layerNotes.map((note) => `${blob.digest}: ${note}`));
    names.unshift(name);
  }
  return { layers: names, notes };
}

function sourceOf({ store }: BringInContext, { blob, diffId }: ImageLayer): LayerSource {
  if (store.blobSize(blob.digest) !== undefined) {
    return { blobPath: store.blobPath(blob.digest), blob, diffId };
  }
  const name = layerFileName(diffId);
  const fd = tryOpenAt(store.folders.layers.number, name, O_RDONLY);
  if (fd < 0) {
    // It fails where the blob is opened, with the error that says so.
    return { blobPath: store.blobPath(blob.digest), blob, diffId };
  }
  using file = new OwnedFd(fd);
  const { tarOffset, tarBytes } = readLayerFileHeader(file.number);
  const blobPath = `${store.root}/layers/${name}`;
  return { blobPath, blob: { digest: diffId, size: tarBytes }, diffId, offset: tarOffset };
}
