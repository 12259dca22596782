// One EROFS metadata image over the archives of all layers of an image.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { UnpackLimits } from "../unpack/limits.ts";

/** A layer file, or the blob of an uncompressed layer (`tarOffset` 0). */
export interface MergedLayer {
  readonly fd: number;
  readonly tarOffset: number;
  readonly tarBytes: number;
  readonly diffId: Digest;
}

export interface MergedImageOptions {
  /** Of the topmost layer: the image's UUID follows from it. */
  readonly chainId: Digest;
  readonly limits?: UnpackLimits;
}

export interface MergedImageSummary {
  readonly inodes: number;
  /** What could not be kept, by layer, lowest first. */
  readonly notes: readonly (readonly string[])[];
}

/**
 * `fd`: an empty file, open for reading and writing. `layers`: lowest first; they are the image's
 * devices, in this order. Reads the headers of the archives only. Whoever renames the file forces it to
 * the disk before.
 */
export function writeMergedImage(
  fd: number,
  layers: readonly MergedLayer[],
  options: MergedImageOptions,
): MergedImageSummary {
  throw new OcicatError("unsupported", {
    operation: "write",
    subject: `image ${fd} ${layers.length} ${options.chainId}`,
    reason: "not there yet",
  });
}
