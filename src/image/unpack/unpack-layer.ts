// One layer from its blob to a folder: read, verify, decompress, verify, read the archive, write. All of
// it streams; memory does not grow with the layer, except for the names of its directories.
//
// The DiffID alone says whether the tree is right. The blob's own digest, a fiftieth of the work, also covers what
// stands behind the end of a compressed stream, and tells a blob that was damaged in the store from a wrong image.
// A blob that is the archive itself has one digest, and is hashed once.

import { ArchiveCheck, type ArchiveIdentity } from "../layers/archive-check.ts";
import { checkAborted } from "../layers/check-aborted.ts";
import { inflate, openLayer } from "../layers/inflate.ts";
import { TarReader } from "../tar/reader.ts";
import { BlobReader, openBlob } from "./blob.ts";
import { LayerUnpacker, type UnpackTarget } from "./layer-unpacker.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "./limits.ts";

export interface LayerSource extends ArchiveIdentity {
  readonly blobPath: string;
  /** Where the blob begins in that file, if it is a part of it. */
  readonly offset?: number;
}

export interface LayerReport {
  /** Of the uncompressed archive. */
  readonly bytes: number;
  /** What could not be kept. */
  readonly notes: readonly string[];
}

export interface UnpackOptions {
  readonly limits?: UnpackLimits;
  /** Called for every chunk, with the compressed bytes read so far. */
  readonly onRead?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export async function unpackLayer(
  source: LayerSource,
  target: UnpackTarget,
  options: UnpackOptions = {},
): Promise<LayerReport> {
  const limits = options.limits ?? DEFAULT_UNPACK_LIMITS;
  using file = openBlob(source.blobPath);
  using unpacker = new LayerUnpacker(target, limits);
  const blob = new BlobReader(file.number, source.blob, source.offset);
  const archive = new TarReader(unpacker, limits);
  const layer = await openLayer(blob.chunks());
  const check = new ArchiveCheck(source, layer.compression, limits);
  await inflate(layer, (chunk) => {
    checkAborted(options.signal, `the layer ${source.blob.digest}`);
    check.take(chunk);
    archive.push(chunk);
    options.onRead?.(blob.bytesRead);
  });
  blob.verify();
  archive.finish();
  check.verify();
  unpacker.finish();
  return { bytes: check.bytes, notes: unpacker.notes };
}
