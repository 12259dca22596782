// Makes an image of what a container has written: `ocicat commit`. The writable layer of its overlay
// becomes one more layer on those of its image, and the configuration is the image's with changes.

import type { Digest } from "../../oci/digest.ts";
import type { HistoryEntry, Image, ImageConfig } from "../../oci/image-spec.ts";
import { OCI_CONFIG, OCI_LAYER } from "../../oci/media-types.ts";
import { decodeImage } from "../../oci/parse/image.ts";
import { OwnedFd, statAt } from "../../sys/file.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import type { ContentStore } from "../content/content-store.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";
import type { ByteSink } from "../tar/tar-writer.ts";
import { makeNamelessFile, spoolWriter } from "./archive-input.ts";
import { AssembledSource } from "./assembled-source.ts";
import { addManifest } from "./docker-archive.ts";
import { readRange } from "./file-range.ts";
import { storedBlob } from "./layer-content.ts";
import { retypeLayer } from "./layer-types.ts";
import { type LoadedImage, nameImage } from "./load-archive.ts";
import type { StoredManifest } from "./stored-image.ts";

export interface CommitRequest {
  /** The image that the container is made from. */
  readonly base: StoredManifest;
  /** Writes what the container has changed, as an archive. */
  readonly writeLayer: (sink: ByteSink, onNote: (text: string) => void) => Promise<void>;
  readonly changeConfig: (config: ImageConfig) => ImageConfig;
  readonly history: HistoryEntry;
  readonly author: string | undefined;
  /** What `writeLayer` writes is all of the image's files, and its only layer. */
  readonly isOnlyLayer: boolean;
  /** Whole; none: the image has only its id. */
  readonly names: readonly string[];
}

export async function commitFolder(
  store: ContentStore,
  request: CommitRequest,
  options: BringInOptions,
): Promise<LoadedImage> {
  const { base, names } = request;
  const below = request.isOnlyLayer ? [] : base.manifest.layers;
  using lease = store.lease("commit a container");
  lease.protect(base.descriptor.digest);
  using file = new OwnedFd(makeNamelessFile(store.folders));
  const digest = await writeArchive(file.number, request, options);
  const size = statAt(file.number, "")?.size ?? 0;
  const source = new AssembledSource(`the container's layer ${digest}`);
  const name = "the container's layer";
  source.addBlob(digest, {
    name,
    size,
    read: (offset) => readRange(file.number, { offset, length: size - offset }, name),
  });
  for (const layer of below) {
    const blob = storedBlob(store, layer);
    if (blob !== undefined) {
      source.addBlob(layer.digest, blob);
    }
  }
  const document = encodeText(JSON.stringify(imageOf(request, digest)));
  const described = source.addDocument(document, OCI_CONFIG);
  const layers = [
    ...below.map((each) => retypeLayer(each, "oci")),
    { mediaType: OCI_LAYER, digest, size },
  ];
  const top = addManifest(source, described, layers);
  const { bringIn } = await import("../bring-in.ts");
  using brought = await bringIn(store, source, top, options);
  await nameImage(store, brought.descriptor, names);
  return { descriptor: brought.descriptor, imageId: described.digest, names };
}

/** Returns the digest of the archive. */
async function writeArchive(
  fd: number,
  { writeLayer }: CommitRequest,
  { signal, onEvent }: BringInOptions,
): Promise<Digest> {
  const hasher = new Bun.CryptoHasher("sha256");
  const write = spoolWriter(fd, signal);
  const turns = new EventLoopTurns();
  const sink = async (chunk: Uint8Array): Promise<void> => {
    await turns.take();
    hasher.update(chunk);
    write(chunk);
  };
  await writeLayer(sink, (text) => onEvent?.({ kind: "note", text }));
  return `sha256:${hasher.digest("hex")}`;
}

function imageOf(request: CommitRequest, diffId: Digest): Image {
  const { base, changeConfig, history, author, isOnlyLayer } = request;
  const subject = `the blob ${base.manifest.config.digest}`;
  const { author: _, ...image } = decodeImage(decodeText(base.config), { subject });
  return {
    ...image,
    ...(history.created === undefined ? {} : { created: history.created }),
    ...(author === undefined ? {} : { author }),
    config: changeConfig(image.config ?? {}),
    rootfs: {
      type: "layers",
      diff_ids: [...(isOnlyLayer ? [] : image.rootfs.diff_ids), diffId],
    },
    history: [...(isOnlyLayer ? [] : (image.history ?? [])), history],
  };
}
