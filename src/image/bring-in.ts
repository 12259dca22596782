// Brings an image into the store, from wherever it comes: its documents, its layers, what a container
// needs of them, and the record that says where that is. Every way in ends here: pull, load, import,
// `run oci:...`.
//
//   documents    index -> manifests -> configurations, each checked against the descriptor that led there
//   layers       side by side, a bounded number at a time. Format "erofs": downloaded, verified, inflated,
//                hashed and written as a layer file in one pass. Format "directory": downloaded side by
//                side and unpacked in order
//   root         format "erofs": the merged image of all layers
//   record       written last: what it names is there
//
// What is in the store already is used, layer by layer, also when another process brought it in a moment
// ago. The first failure ends everything; what had come stays for the next try.
//
// No container starts before all layers are there. A later layer may take away or replace any file of
// those below, setuid programs and secrets among them, and nothing has been verified before the last byte
// of a layer. So what overlaps is the work on the layers, not their use.

import { OcicatError } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Image } from "../oci/image-spec.ts";
import type { BringInOptions, BroughtIn, BroughtManifest } from "./bring-in-request.ts";
import type { ContentStore } from "./content/content-store.ts";
import type { ImageSource } from "./image-source.ts";
import type { BringInContext } from "./layers/bring-in-context.ts";
import { chainIds } from "./layers/chain-id.ts";
import { ensureBlob, ensureDirectories } from "./layers/ensure-directories.ts";
import { ensureLayerFile, type ImageLayer } from "./layers/ensure-layer-file.ts";
import { ensureMergedImage } from "./layers/ensure-merged-image.ts";
import { type FoundManifest, findManifests } from "./layers/find-manifests.ts";
import { chosenFormat } from "./layers/format-choice.ts";
import { bringInBlob } from "./layers/ingest-blob.ts";
import { TaskGroup } from "./layers/task-group.ts";
import { writeRecord } from "./layers/write-record.ts";
import { sweepOwnedStaging } from "./owners/take-ownership.ts";
import {
  type ImageRecord,
  type LayerFormat,
  ownershipHere,
  recordName,
  type StoredRoot,
} from "./record.ts";
import { DEFAULT_UNPACK_LIMITS } from "./unpack/limits.ts";

const LAYERS_AT_ONCE = 3;

export async function bringIn(
  store: ContentStore,
  source: ImageSource,
  top: Descriptor,
  options: BringInOptions,
): Promise<BroughtIn> {
  using leases = new DisposableStack();
  leases.use(store.lease(source.description)).protect(top.digest);
  sweepOwnedStaging(store.folders);
  const group = new TaskGroup(options.parallel ?? LAYERS_AT_ONCE, options.signal);
  const context = contextOf(store, source, { ...options, signal: group.signal });
  const work = group.start(() => bringInAll(context, top, { options, group }));
  await group.finish();
  const manifests = await work;
  const held = leases.move();
  return { descriptor: top, manifests, [Symbol.dispose]: () => held.dispose() };
}

function contextOf(
  store: ContentStore,
  source: ImageSource,
  options: BringInOptions & { readonly signal: AbortSignal },
): BringInContext {
  return {
    store,
    source,
    limits: options.limits ?? DEFAULT_UNPACK_LIMITS,
    compressed: options.compressed ?? "keep",
    onEvent: options.onEvent ?? (() => undefined),
    signal: options.signal,
    unpackAsOwner: options.unpackAsOwner ?? cannotGive,
  };
}

function cannotGive(): never {
  throw new OcicatError("internal", {
    operation: "unpack",
    subject: "layers",
    reason: "nobody is there who may give files away",
  });
}

interface Work {
  readonly options: BringInOptions;
  readonly group: TaskGroup;
}

async function bringInAll(
  context: BringInContext,
  top: Descriptor,
  { options, group }: Work,
): Promise<readonly BroughtManifest[]> {
  const { platform, allPlatforms = false } = options;
  const found = await findManifests(context, top, { platform, allPlatforms });
  const wanted = found.find(({ isWanted }) => isWanted);
  const root = wanted === undefined ? undefined : makeRoot(context, wanted, { options, group });
  const others = bringInOthers(context, found, group);
  const made = await root;
  await Promise.all(others);
  const record =
    made === undefined || wanted === undefined
      ? undefined
      : await keepRecord(context.store, { top, wanted, made, options });
  return found
    .toSorted((one, other) => Number(other.isWanted) - Number(one.isWanted))
    .map((each) => ({
      descriptor: each.descriptor,
      manifest: each.manifest,
      record: each.isWanted ? record : undefined,
      reason: each.content.kind === "artifact" ? each.content.reason : undefined,
    }));
}

/** Blobs that nothing is made of: those of artifacts and of other platforms' images. */
function bringInOthers(
  context: BringInContext,
  found: readonly FoundManifest[],
  group: TaskGroup,
): readonly Promise<void>[] {
  const isRunnable = ({ isWanted, content }: FoundManifest): boolean =>
    isWanted && content.kind === "image";
  const seen = new Set(
    found.filter(isRunnable).flatMap(({ manifest }) => manifest.layers.map(({ digest }) => digest)),
  );
  const blobs = found
    .filter((each) => !isRunnable(each))
    .flatMap(({ manifest }) => [manifest.config, ...manifest.layers])
    .filter(({ digest }) => !seen.has(digest) && seen.add(digest));
  return blobs.map((blob) => group.queue(() => bringInBlob(context, blob)));
}

interface MadeRoot {
  readonly root: StoredRoot;
  readonly image: Image;
  readonly notes: readonly string[];
}

/** Undefined for an artifact. */
async function makeRoot(
  context: BringInContext,
  { manifest, content }: FoundManifest,
  { options, group }: Work,
): Promise<MadeRoot | undefined> {
  if (content.kind === "artifact") {
    return undefined;
  }
  const { image } = content;
  const layers = image.rootfs.diff_ids.flatMap((diffId, index) => {
    const blob = manifest.layers[index];
    return blob === undefined ? [] : [{ blob, diffId }];
  });
  const format = formatFor(context.store, layers, options.format);
  const made =
    format === "erofs"
      ? await makeErofs(context, layers, group)
      : await makeDirectories(context, layers, { options, group });
  return { image, ...made };
}

/** An image without layers has nothing to mount. */
function formatFor(
  store: ContentStore,
  layers: readonly ImageLayer[],
  asked: LayerFormat | undefined,
): LayerFormat {
  return layers.length === 0 ? "directory" : (asked ?? chosenFormat(store.root).format);
}

async function makeErofs(
  context: BringInContext,
  layers: readonly ImageLayer[],
  group: TaskGroup,
): Promise<Omit<MadeRoot, "image">> {
  const { store, limits, signal } = context;
  const tasks = eachOnce(layers, (layer) => group.queue(() => ensureLayerFile(context, layer)));
  const layerNotes = await Promise.all(tasks);
  const chainId = chainIds(layers.map(({ diffId }) => diffId)).at(-1);
  if (chainId === undefined) {
    throw new OcicatError("internal", { operation: "merge", subject: "layers", reason: "none" });
  }
  const merged = await ensureMergedImage(store, { layers, chainId, limits, signal });
  const [only = []] = layerNotes;
  // A merged image tells of all layers.
  const isOwnFile = merged.root.devices.length === 0;
  const ownNotes = only.map((note) => `${layers[0]?.blob.digest}: ${note}`);
  return { root: merged.root, notes: isOwnFile ? ownNotes : merged.notes };
}

async function makeDirectories(
  context: BringInContext,
  layers: readonly ImageLayer[],
  { options, group }: Work,
): Promise<Omit<MadeRoot, "image">> {
  const ownership = options.ownership ?? ownershipHere();
  const arrived = eachOnce(layers, (layer) => group.queue(() => ensureBlob(context, layer)));
  const unpacked = await ensureDirectories(context, layers, { arrived, ownership });
  return { root: { format: "directory", layers: unpacked.layers }, notes: unpacked.notes };
}

/** The same layer may occur several times in an image: one task does it. */
function eachOnce<Result>(
  layers: readonly ImageLayer[],
  start: (layer: ImageLayer) => Promise<Result>,
): readonly Promise<Result>[] {
  const started = new Map<string, Promise<Result>>();
  return layers.map((layer) => {
    const key = `${layer.blob.digest} ${layer.diffId}`;
    const task = started.get(key) ?? start(layer);
    started.set(key, task);
    return task;
  });
}

interface Recording {
  readonly top: Descriptor;
  readonly wanted: FoundManifest;
  readonly made: MadeRoot;
  readonly options: BringInOptions;
}

/** Under every digest that the image may be asked for by. */
async function keepRecord(
  store: ContentStore,
  { top, wanted, made, options }: Recording,
): Promise<ImageRecord> {
  const { digest } = wanted.descriptor;
  const config = wanted.manifest.config.digest;
  const record = { manifest: digest, config, ...made };
  const ownership = options.ownership ?? ownershipHere();
  for (const name of new Set([digest, top.digest])) {
    const file = recordName(name, options.platform, ownership);
    await writeRecord(store.folders, file, record);
  }
  return record;
}
