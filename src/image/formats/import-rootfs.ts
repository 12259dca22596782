// Makes an image of one layer out of the archive of a root file system: `ocicat import`. The archive stays
// as it came, in gzip, zstd or without compression; what is in xz or bzip2, which layers can't be, is
// kept without.

import type { Digest } from "../../oci/digest.ts";
import type { HistoryEntry, Image } from "../../oci/image-spec.ts";
import { type LayerCompression, OCI_CONFIG } from "../../oci/media-types.ts";
import { OwnedFd, statAt } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import type { ContentStore } from "../content/content-store.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";
import { checkAborted } from "../layers/check-aborted.ts";
import {
  type ArchiveInput,
  makeNamelessFile,
  OpenedInput,
  openSeekable,
  type SpoolOptions,
  spoolWriter,
} from "./archive-input.ts";
import { AssembledSource } from "./assembled-source.ts";
import { applyChanges } from "./changes.ts";
import { addManifest, LAYER_TYPES } from "./docker-archive.ts";
import { readRange } from "./file-range.ts";
import { type LoadedImage, nameImage } from "./load-archive.ts";
import { sniff, unwrap, type Wrapping } from "./unwrap.ts";

export interface ImportOptions extends BringInOptions {
  /** Whole; none: the image has only its id. `platform` is what the image is said to be for. */
  readonly names?: readonly string[];
  /** Instructions of a Dockerfile (changes.ts), for the configuration. */
  readonly changes?: readonly string[];
  /** For the image's history. */
  readonly message?: string;
  readonly author?: string;
  /** Of the image; now when absent. */
  readonly created?: Date;
}

/** Throws "invalid-config" for what is no tar archive, "invalid-argument" for wrong changes. */
export async function importRootfs(
  store: ContentStore,
  input: ArchiveInput,
  options: ImportOptions,
): Promise<LoadedImage> {
  const config = applyChanges({}, options.changes ?? []);
  const { bringIn } = await import("../bring-in.ts");
  const { names = [] } = options;
  using opened = new OpenedInput(input);
  const layer = await readLayer(store, opened, options);
  using file = new OwnedFd(layer.fd);
  const image = imageOf(layer.diffId, options, opened.description);
  const document = { ...image, ...(Object.keys(config).length === 0 ? {} : { config }) };
  const source = new AssembledSource(opened.description);
  source.addBlob(layer.digest, {
    name: opened.description,
    size: layer.size,
    read: (offset) => {
      const range = { offset, length: layer.size - offset };
      return readRange(file.number, range, opened.description);
    },
  });
  const { digest, size, compression } = layer;
  const described = source.addDocument(encodeText(JSON.stringify(document)), OCI_CONFIG);
  const top = addManifest(source, described, [
    { mediaType: LAYER_TYPES[compression], digest, size },
  ]);
  using brought = await bringIn(store, source, top, options);
  await nameImage(store, brought.descriptor, names);
  return { descriptor: brought.descriptor, imageId: described.digest, names };
}

interface ImportedLayer {
  /** The caller closes it. */
  readonly fd: number;
  readonly compression: LayerCompression;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
}

/** Reads the archive through once, for its digests. */
async function readLayer(
  store: ContentStore,
  input: OpenedInput,
  options: SpoolOptions,
): Promise<ImportedLayer> {
  using file = new OwnedFd(await openLayerFile(store, input, options));
  const size = statAt(file.number, "")?.size ?? 0;
  const stored = new Bun.CryptoHasher("sha256");
  const archive = new Bun.CryptoHasher("sha256");
  const chunks = readRange(file.number, { offset: 0, length: size }, input.description);
  const turns = new EventLoopTurns();
  const note = async (chunk: Uint8Array): Promise<void> => {
    await turns.take();
    checkAborted(options.signal, input.description);
    stored.update(chunk);
  };
  const wrapped = await sniff(noted(chunks, note));
  const compression = compressionOf(wrapped.wrapping);
  if (compression !== "none") {
    await unwrap(wrapped, (chunk) => archive.update(chunk), options.limits);
  }
  // What follows a compressed stream belongs to the layer's digest too.
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
    await note(next.value);
  }
  const digest: Digest = `sha256:${stored.digest("hex")}`;
  const diffId: Digest = compression === "none" ? digest : `sha256:${archive.digest("hex")}`;
  return { fd: file.release(), compression, digest, diffId, size };
}

/** The archive as it came, in a file; without its compression where layers can't have that. */
async function openLayerFile(
  store: ContentStore,
  input: OpenedInput,
  options: SpoolOptions,
): Promise<number> {
  const wrapped = await input.sniffed();
  if (compressionOf(wrapped.wrapping) !== wrapped.wrapping) {
    return await openSeekable(store.folders, input, options, wrapped);
  }
  if (input.size !== undefined) {
    return input.file.release();
  }
  using spool = new OwnedFd(makeNamelessFile(store.folders));
  const write = spoolWriter(spool.number, options.signal);
  for await (const chunk of wrapped.chunks) {
    write(chunk);
  }
  return spool.release();
}

function compressionOf(wrapping: Wrapping): LayerCompression {
  return wrapping === "gzip" || wrapping === "zstd" ? wrapping : "none";
}

/** Closing it leaves `chunks` where they are. */
async function* noted(
  chunks: Iterator<Uint8Array>,
  note: (chunk: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array, void> {
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
    await note(next.value);
    yield next.value;
  }
}

function imageOf(diffId: Digest, options: ImportOptions, description: string): Image {
  const { platform, author, message } = options;
  const created = (options.created ?? new Date()).toISOString();
  const entry: HistoryEntry = { created, comment: message ?? `Imported from ${description}` };
  return {
    created,
    ...(author === undefined ? {} : { author }),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [entry],
  };
}
