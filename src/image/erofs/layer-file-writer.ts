// Writes a layer file (layer-file.ts) in one pass.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../unpack/limits.ts";

export interface LayerFileSummary {
  readonly tarBytes: number;
  /** Headers in the archive. */
  readonly entries: number;
  /** The layer can stand alone: mount the file. If not, only a merged image can use it. */
  readonly mountable: boolean;
  /** What could not be kept. */
  readonly notes: readonly string[];
}

export class LayerFileWriter {
  readonly #fd: number;
  readonly #limits: UnpackLimits;

  /** `fd`: an empty file, open for reading and writing. It stays the caller's. */
  constructor(fd: number, limits: UnpackLimits = DEFAULT_UNPACK_LIMITS) {
    this.#fd = fd;
    this.#limits = limits;
  }

  /** The next bytes of the uncompressed archive. `chunk` is only used during the call. */
  push(chunk: Uint8Array): void {
    throw unfinished(`${this.#fd} ${this.#limits.depth} ${chunk.length}`);
  }

  /** Writes the metadata, the superblock last. Whoever renames the file forces it to the disk before. */
  finish(diffId: Digest): LayerFileSummary {
    throw unfinished(diffId);
  }
}

function unfinished(subject: string): OcicatError {
  return new OcicatError("unsupported", { operation: "write", subject, reason: "not there yet" });
}
