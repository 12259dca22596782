// The bytes of a stored layer: as it came, or its archive without compression. Where the store has a layer
// file, the archive is a part of it and nothing has to be decompressed.

import { O_RDONLY } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { layerCompression } from "../../oci/media-types.ts";
import { OwnedFd, statAt, tryOpenAt } from "../../sys/file.ts";
import type { ContentStore } from "../content/content-store.ts";
import { readLayerFileHeader } from "../erofs/layer-file.ts";
import { layerFileName } from "../layers/layer-names.ts";
import { makeNamelessFile, type SpoolOptions, spoolWriter } from "./archive-input.ts";
import { type FileRange, readRange } from "./file-range.ts";
import type { Member } from "./members.ts";
import { sniff, unwrap } from "./unwrap.ts";

/** Undefined: the store does not have the blob. */
export function storedBlob(
  store: ContentStore,
  { digest }: Pick<Descriptor, "digest">,
): Member | undefined {
  const size = store.blobSize(digest);
  return size === undefined
    ? undefined
    : {
        name: `blob ${digest}`,
        size,
        *read(offset) {
          using file = store.openBlob(digest);
          yield* readRange(file.number, { offset, length: size - offset }, `the blob ${digest}`);
        },
      };
}

export interface ArchiveOptions extends SpoolOptions {
  /** Takes over what has to stay open while the archive is read. */
  readonly resources: DisposableStack;
}

/** An archive in an open file. */
export interface ArchivePlace extends FileRange {
  readonly fd: number;
}

/** The layer's tar archive, as a member. Throws "not-found" when the store has the layer in no form. */
export async function uncompressedLayer(
  store: ContentStore,
  layer: Descriptor,
  diffId: Digest,
  options: ArchiveOptions,
): Promise<Member> {
  const { fd, offset, length } = await layerArchive(store, layer, diffId, options);
  const subject = `the layer ${diffId}`;
  return {
    name: subject,
    size: length,
    read: (start) => readRange(fd, { offset: offset + start, length: length - start }, subject),
  };
}

/** Where the layer's tar archive is. Throws "not-found" when the store has the layer in no form. */
export async function layerArchive(
  store: ContentStore,
  layer: Descriptor,
  diffId: Digest,
  options: ArchiveOptions,
): Promise<ArchivePlace> {
  const { resources } = options;
  const size = store.blobSize(layer.digest);
  if (size !== undefined && layerCompression(layer.mediaType) === "none") {
    return { fd: resources.use(store.openBlob(layer.digest)).number, offset: 0, length: size };
  }
  const fd = tryOpenAt(store.folders.layers.number, layerFileName(diffId), O_RDONLY);
  if (fd >= 0) {
    resources.use(new OwnedFd(fd));
    const { tarOffset, tarBytes } = readLayerFileHeader(fd);
    return { fd, offset: tarOffset, length: tarBytes };
  }
  if (size === undefined) {
    throw missingLayer(layer);
  }
  return await unpackBlob(store, layer, diffId, options);
}

async function unpackBlob(
  store: ContentStore,
  layer: Descriptor,
  diffId: Digest,
  options: ArchiveOptions,
): Promise<ArchivePlace> {
  const subject = `the layer ${layer.digest}`;
  using blob = store.openBlob(layer.digest);
  const fd = makeNamelessFile(store.folders);
  options.resources.use(new OwnedFd(fd));
  const write = spoolWriter(fd, options.signal);
  const hasher = new Bun.CryptoHasher("sha256");
  const take = (chunk: Uint8Array): void => {
    hasher.update(chunk);
    write(chunk);
  };
  const range = { offset: 0, length: store.blobSize(layer.digest) ?? 0 };
  await unwrap(
    await sniff(asynchronous(readRange(blob.number, range, subject))),
    take,
    options.limits,
  );
  if (hasher.digest("hex") !== hexOf(diffId)) {
    throw new OcicatError("invalid-config", {
      operation: "decompress",
      subject,
      reason: `what is in it does not have the digest ${diffId}`,
    });
  }
  return { fd, offset: 0, length: statAt(fd, "")?.size ?? 0 };
}

export function missingLayer({ digest }: Pick<Descriptor, "digest">): OcicatError {
  return new OcicatError("not-found", {
    operation: "read",
    subject: `the layer ${digest}`,
    reason: "the store does not have it",
  });
}

async function* asynchronous(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}
