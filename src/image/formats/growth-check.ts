// Refuses what grows absurdly when it is decompressed, before it has filled the disk or the day.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { UnpackLimits } from "../unpack/limits.ts";

export class GrowthCheck {
  readonly #limits: UnpackLimits;
  #compressedBytes = 0;
  #bytes = 0;

  constructor(limits: UnpackLimits) {
    this.#limits = limits;
  }

  /** Compressed bytes that go in. */
  countIn(chunk: Uint8Array): void {
    this.#compressedBytes += chunk.length;
  }

  /** The next bytes that came out. Throws "exhausted". */
  countOut(chunk: Uint8Array): void {
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
