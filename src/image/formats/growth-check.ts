// Refuses what grows absurdly when it is decompressed, before it has filled the disk or the day.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { UnpackLimits } from "../unpack/limits.ts";

export class GrowthCheck {
  readonly #compressedBytes: number;
  readonly #limits: UnpackLimits;
  #bytes = 0;

  constructor(compressedBytes: number, limits: UnpackLimits) {
    this.#compressedBytes = compressedBytes;
    this.#limits = limits;
  }

  /** The next bytes that came out. Throws "exhausted". */
  take(chunk: Uint8Array): void {
    const { ratio, ratioFreeBytes, totalBytes } = this.#limits;
    this.#bytes += chunk.length;
    const isAbsurd = this.#bytes > ratioFreeBytes && this.#bytes > this.#compressedBytes * ratio;
    if (isAbsurd || this.#bytes > totalBytes) {
      throw new OcicatError("exhausted", {
        operation: "decompress",
        subject: "the archive",
        reason: isAbsurd
          ? `it grows to more than ${ratio} times its size`
          : `it has more than ${totalBytes} bytes`,
      });
    }
  }
}
