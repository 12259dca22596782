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

/** The layer's tar archive. Throws "not-found" when the store has the layer in no form. */
export async function uncompressedLayer(
  store: ContentStore,
  layer: Descriptor,
  diffId: Digest,
  options: ArchiveOptions,
): Promise<Member> {
  const blob = storedBlob(store, layer);
  if (blob !== undefined && layerCompression(layer.mediaType) === "none") {
    return blob;
  }
  const subject = `the layer ${layer.digest}`;
  const fromFile = fromLayerFile(store, diffId, options);
  if (fromFile !== undefined) {
    return fromFile;
  }
  if (blob === undefined) {
    throw missingLayer(layer);
  }
  const spoolFd = makeNamelessFile(store.folders);
  options.resources.use(new OwnedFd(spoolFd));
  const write = spoolWriter(spoolFd, options);
  const hasher = new Bun.CryptoHasher("sha256");
  await unwrap(await sniff(asynchronous(blob.read(0))), (chunk) => {
    hasher.update(chunk);
    write(chunk);
  });
  if (hasher.digest("hex") !== hexOf(diffId)) {
    throw new OcicatError("invalid-config", {
      operation: "decompress",
      subject,
      reason: `what is in it does not have the digest ${diffId}`,
    });
  }
  const length = statAt(spoolFd, "")?.size ?? 0;
  return rangeMember(spoolFd, { offset: 0, length }, diffId);
}

export function missingLayer({ digest }: Pick<Descriptor, "digest">): OcicatError {
  return new OcicatError("not-found", {
    operation: "read",
    subject: `the layer ${digest}`,
    reason: "the store does not have it",
  });
}

function fromLayerFile(
  store: ContentStore,
  diffId: Digest,
  { resources }: ArchiveOptions,
): Member | undefined {
  const fd = tryOpenAt(store.folders.layers.number, layerFileName(diffId), O_RDONLY);
  if (fd < 0) {
    return undefined;
  }
  resources.use(new OwnedFd(fd));
  const { tarOffset, tarBytes } = readLayerFileHeader(fd);
  return rangeMember(fd, { offset: tarOffset, length: tarBytes }, diffId);
}

function rangeMember(fd: number, { offset, length }: FileRange, diffId: Digest): Member {
  return {
    name: `layer ${diffId}`,
    size: length,
    read: (start) =>
      readRange(fd, { offset: offset + start, length: length - start }, `the layer ${diffId}`),
  };
}

async function* asynchronous(chunks: ReturnType<Member["read"]>) {
  yield* chunks;
}
