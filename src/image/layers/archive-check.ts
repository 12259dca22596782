// What the archive in a layer's blob has to be: of the DiffID that the image's configuration says, and
// not absurdly larger than the blob. The same for whatever becomes of the archive.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { DigestCheck } from "../digest-check.ts";
import type { UnpackLimits } from "../unpack/limits.ts";

export interface ArchiveIdentity {
  readonly blob: Pick<Descriptor, "digest" | "size">;
  readonly diffId: Digest;
}

export class ArchiveCheck {
  readonly #identity: ArchiveIdentity;
  readonly #limits: UnpackLimits;
  /** Undefined: the archive is the blob itself, which its reader checks against the same digest. */
  readonly #diff: DigestCheck | undefined;
  #bytes = 0;

  constructor(identity: ArchiveIdentity, compression: LayerCompression, limits: UnpackLimits) {
    const { blob, diffId } = identity;
    this.#identity = identity;
    this.#limits = limits;
    const isBlob = compression === "none" && blob.digest === diffId;
    this.#diff = isBlob ? undefined : new DigestCheck(diffId);
  }

  /** Of the archive, so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The next bytes of the archive. */
  take(chunk: Uint8Array): void {
    const { digest, size } = this.#identity.blob;
    const { ratio, ratioFreeBytes } = this.#limits;
    this.#bytes += chunk.length;
    if (this.#bytes > ratioFreeBytes && this.#bytes > size * ratio) {
      throw new OcicatError("exhausted", {
        operation: "decompress",
        subject: `the layer ${digest}`,
        reason: `it grows to more than ${ratio} times its size`,
      });
    }
    this.#diff?.update(chunk);
  }

  /** After the last byte. */
  verify(): void {
    this.#diff?.verify(`the uncompressed layer ${this.#identity.blob.digest}`);
  }
}
