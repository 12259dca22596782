// The layers of an image as folders, unpacked one on top of the other from their blobs: each as soon as it
// and those below it are there, while others still download.

import { O_RDONLY } from "../../abi/file.ts";
import type { IdMaps } from "../../plan/request.ts";
import { OwnedFd, statAt, tryOpenAt } from "../../sys/file.ts";
import { readLayerFileHeader } from "../erofs/layer-file.ts";
import { ensureLayer, findLayerNotes, type LayerRequest } from "../layer-store.ts";
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
  const chain = chainIds(layers.map(({ diffId }) => diffId));
  const names = layers.map(({ diffId }, index) => layerName(chain[index] ?? diffId, ownership));
  const notes =
    typeof ownership === "string"
      ? await unpackInOrder(context, layers, { arrived, ownership, names })
      : await unpackForOthers(context, layers, { arrived, ownership, names });
  return { layers: names.toReversed(), notes };
}

interface Unpacking<Whose extends Ownership> {
  readonly arrived: readonly Promise<void>[];
  readonly ownership: Whose;
  /** The lowest first. */
  readonly names: readonly string[];
}

async function unpackInOrder(
  context: BringInContext,
  layers: readonly ImageLayer[],
  { arrived, ownership, names }: Unpacking<"keep" | "single">,
): Promise<readonly string[]> {
  const { store, limits, signal } = context;
  const notes: string[] = [];
  for (const [index, layer] of layers.entries()) {
    await arrived[index];
    const { blob } = layer;
    const request = { ...requestOf(context, layer, names.slice(0, index + 1)), ownership };
    const layerNotes = await ensureLayer(store.folders, request, {
      limits,
      signal,
      onWait: () => reportLayer(context, blob, { phase: "waiting", bytes: 0 }),
      onRead: (bytes) => reportLayer(context, blob, { phase: "unpacking", bytes }),
    });
    reportLayer(context, blob, { phase: "done", bytes: blob.size });
    notes.push(...layerNotes.map((note) => `${blob.digest}: ${note}`));
  }
  return notes;
}

/** `names`: of this layer, the last of them, and those below. */
function requestOf(
  context: BringInContext,
  layer: ImageLayer,
  names: readonly string[],
): Omit<LayerRequest, "ownership"> {
  const lower = names.slice(0, -1).toReversed();
  return {
    name: names.at(-1) ?? "",
    source: sourceOf(context, layer),
    lower: lower.map((each) => layerPath(context.store.root, each)),
  };
}

/** By another process, which may give files away. */
async function unpackForOthers(
  context: BringInContext,
  layers: readonly ImageLayer[],
  { arrived, ownership, names }: Unpacking<IdMaps>,
): Promise<readonly string[]> {
  await Promise.all(arrived);
  const { store, limits, unpackAsOwner } = context;
  const requests = layers.map((layer, index) =>
    requestOf(context, layer, names.slice(0, index + 1)),
  );
  const missing = requests.filter(({ name }) => findLayerNotes(store.folders, name) === undefined);
  if (missing.length > 0) {
    layers.forEach(({ blob }) => {
      reportLayer(context, blob, { phase: "unpacking", bytes: 0 });
    });
    await unpackAsOwner(missing, { maps: ownership, limits, storeRoot: store.root });
  }
  return layers.flatMap(({ blob }, index) => {
    reportLayer(context, blob, { phase: "done", bytes: blob.size });
    const notes = findLayerNotes(store.folders, names[index] ?? "") ?? [];
    return notes.map((note) => `${blob.digest}: ${note}`);
  });
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
