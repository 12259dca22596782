// One layer from its blob to a folder: read, verify, decompress, verify, read the archive, write. All of
// it streams; memory does not grow with the layer, except for the names of its directories.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { DigestCheck } from "../digest-check.ts";
import { inflate, openLayer } from "../layers/inflate.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "../tar/entry.ts";
import { TarReader } from "../tar/reader.ts";
import { type BlobIdentity, BlobReader, openBlob } from "./blob.ts";
import type { TreeLimits } from "./layer-tree.ts";
import { LayerUnpacker, type UnpackTarget } from "./layer-unpacker.ts";

export interface LayerSource {
  readonly blobPath: string;
  readonly blob: BlobIdentity;
  /** Of the uncompressed archive, from the image's configuration. */
  readonly diffId: Digest;
}

export interface UnpackLimits extends TarLimits, TreeLimits {
  /** Of uncompressed to compressed bytes, once `ratioFreeBytes` have come out. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
}

export const DEFAULT_UNPACK_LIMITS: UnpackLimits = {
  ...DEFAULT_TAR_LIMITS,
  depth: 512,
  directories: DEFAULT_TAR_LIMITS.entries,
  ratio: 200,
  ratioFreeBytes: 1024 ** 3,
};

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
}

export async function unpackLayer(
  source: LayerSource,
  target: UnpackTarget,
  options: UnpackOptions = {},
): Promise<LayerReport> {
  const limits = options.limits ?? DEFAULT_UNPACK_LIMITS;
  using file = openBlob(source.blobPath);
  using unpacker = new LayerUnpacker(target, limits);
  const blob = new BlobReader(file.number, source.blob);
  const archive = new TarReader(unpacker, limits);
  const diff = new DigestCheck(source.diffId);
  let unpacked = 0;
  await inflate(await openLayer(blob.chunks()), (chunk) => {
    unpacked += chunk.length;
    if (unpacked > limits.ratioFreeBytes && unpacked > blob.bytesRead * limits.ratio) {
      throw decompressionBomb(source, limits);
    }
    diff.update(chunk);
    archive.push(chunk);
    options.onRead?.(blob.bytesRead);
  });
  blob.verify();
  archive.finish();
  diff.verify(`the uncompressed layer ${source.blob.digest}`);
  unpacker.finish();
  return { bytes: unpacked, notes: unpacker.notes };
}

function decompressionBomb(source: LayerSource, limits: UnpackLimits): OcicatError {
  return new OcicatError("exhausted", {
    operation: "decompress",
    subject: `the layer ${source.blob.digest}`,
    reason: `it grows to more than ${limits.ratio} times its size`,
  });
}
