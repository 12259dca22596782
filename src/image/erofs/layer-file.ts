// A layer file: the head, the layer's tar byte for byte, its EROFS metadata.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";

export interface LayerFileHeader {
  /** Where the archive begins in the file. */
  readonly tarOffset: number;
  readonly tarBytes: number;
  readonly diffId: Digest;
  /** See LayerFileSummary. */
  readonly mountable: boolean;
}

/** Throws unless the file is a layer file that was finished. */
export function readLayerFileHeader(fd: number): LayerFileHeader {
  throw new OcicatError("unsupported", {
    operation: "read",
    subject: `layer file ${fd}`,
    reason: "not there yet",
  });
}
