// A layer and its layer file, layers/sha256-DIFFHEX.erofs: downloaded, verified, inflated, hashed and
// written in one pass. What is there already is used; a layer whose blob is there but whose file is not
// (it was collected, or the store kept directories before) is made from the blob. One task of one process
// does it, others wait.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { lock } from "../../store/lock.ts";
import { checked } from "../../sys/call.ts";
import { statAt, tryRead } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { Ingested } from "../content/ingest-request.ts";
import { DigestMismatch } from "../digest-check.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";
import { BlobReader } from "../unpack/blob.ts";
import { untilRight } from "../until-right.ts";
import { type BringInContext, reportLayer } from "./bring-in-context.ts";
import { checkAborted } from "./check-aborted.ts";
import { collectWhenLarge } from "./collect-memory.ts";
import { inflaterFor } from "./igzip.ts";
import { detectCompression, MAGIC_BYTES } from "./inflate.ts";
import { ingestBlob, ingestWhole } from "./ingest-blob.ts";
import { canBeDevice, LayerFileMaker, type MadeLayer } from "./layer-file-maker.ts";
import { layerFileName } from "./layer-names.ts";
import { StagedFile } from "./staged-file.ts";

export interface ImageLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
}

/** Returns what the layer file could not keep; nothing when it was there. */
export async function ensureLayerFile(
  context: BringInContext,
  layer: ImageLayer,
): Promise<readonly string[]> {
  const { store, signal, compressed } = context;
  const { blob, diffId } = layer;
  const name = layerFileName(diffId);
  const stagingFd = store.folders.staging.number;
  const onWait = (): void => reportLayer(context, blob, { phase: "waiting", bytes: 0 });
  using _held = await lock(stagingFd, `${name}.lock`, onWait, signal);
  const isThere = statAt(store.folders.layers.number, name) !== undefined;
  const isReady = isThere || isStoredArchive(store, layer);
  const result = isReady ? await ensureBlob(context, blob) : await makeRight(context, layer);
  const hasFile = isThere || result.kind === "layer-file";
  if (compressed === "drop" && hasFile) {
    removeCompressed(store, blob.digest);
  }
  reportLayer(context, blob, { phase: result.phase, bytes: blob.size });
  return result.kind === "layer-file" ? result.notes : [];
}

type Result = { readonly phase: "exists" | "done" } & (MadeLayer | { readonly kind: "blob" });

/** A layer file is enough where compressed blobs are not kept. */
async function ensureBlob(context: BringInContext, blob: Descriptor): Promise<Result> {
  const ingested = context.compressed === "drop" ? "existed" : await ingestWhole(context, blob);
  return { kind: "blob", phase: ingested === "new" ? "done" : "exists" };
}

/** Then it is the device of an image itself, and was verified when it came. */
function isStoredArchive(store: ContentStore, layer: ImageLayer): boolean {
  const isArchive = layer.blob.digest === layer.diffId;
  return isArchive && canBeDevice(layer) && storedCompression(store, layer.diffId) === "none";
}

/** An uncompressed blob may be the device of an image. */
function removeCompressed(store: ContentStore, digest: Digest): void {
  const compression = storedCompression(store, digest);
  if (compression !== undefined && compression !== "none") {
    store.removeBlob(digest);
  }
}

/** Undefined: the blob is not here. */
function storedCompression(store: ContentStore, digest: Digest): LayerCompression | undefined {
  if (store.blobSize(digest) === undefined) {
    return undefined;
  }
  using file = store.openBlob(digest);
  const start = bytes(MAGIC_BYTES);
  checked(tryRead(file.number, start), "read the blob", digest);
  return detectCompression(start);
}

/** A blob that comes wrong is asked for again, and everything that was made of it is made anew. */
async function makeRight(context: BringInContext, layer: ImageLayer): Promise<Result> {
  const attempt = () => make(context, layer);
  return await untilRight(context.source, layer.blob, attempt, context.onEvent);
}

async function make(context: BringInContext, layer: ImageLayer): Promise<Result> {
  const inflater = inflaterFor(layer.blob);
  try {
    return await makeBy(inflater, context, layer);
  } catch (error) {
    if (inflater === undefined || !isOfArchive(error, layer)) {
      throw error;
    }
    return await makeBy(undefined, context, layer);
  }
}

/** Something is wrong with the archive, not with the blob that it is in. */
function isOfArchive(error: unknown, { blob }: ImageLayer): boolean {
  const isOfBlob = error instanceof DigestMismatch && error.expected === blob.digest;
  return error instanceof OcicatError && error.code === "invalid-config" && !isOfBlob;
}

async function makeBy(
  inflater: string | undefined,
  context: BringInContext,
  layer: ImageLayer,
): Promise<Result> {
  using file = new StagedFile(context.store.folders, layerFileName(layer.diffId));
  const maker = new LayerFileMaker(file.fd, layer, {
    limits: context.limits,
    signal: context.signal,
    inflater,
    onWritten: () => file.forceToDisk(),
    onInflated: (bytes) => reportLayer(context, layer.blob, { phase: "unpacking", bytes }),
  });
  const { ingested, made } = await feed(context, layer.blob, maker);
  if (made.kind === "layer-file") {
    await file.commit();
    collectWhenLarge();
  }
  const isNew = ingested === "new" || made.kind === "layer-file";
  return { ...made, phase: isNew ? "done" : "exists" };
}

async function feed(
  context: BringInContext,
  blob: Descriptor,
  maker: LayerFileMaker,
): Promise<{ readonly ingested: Ingested; readonly made: MadeLayer }> {
  try {
    const ingested = await ingestBlob(context, blob, maker);
    if (ingested === "existed") {
      await feedFromStore(context, blob, maker);
    }
    return { ingested, made: await maker.finish() };
  } catch (error) {
    await maker.abort(error);
    throw error;
  }
}

async function feedFromStore(
  context: BringInContext,
  blob: Descriptor,
  maker: LayerFileMaker,
): Promise<void> {
  using file = context.store.openBlob(blob.digest);
  const reader = new BlobReader(file.number, blob);
  maker.takeFile(file.number);
  const turns = new EventLoopTurns();
  for await (const chunk of reader.chunks()) {
    await turns.take();
    checkAborted(context.signal, `the layer ${blob.digest}`);
    await maker.push(chunk);
    reportLayer(context, blob, { phase: "unpacking", bytes: reader.bytesRead });
  }
  reader.verify();
}
