// Checks content against the digest that names it, while it streams by.

import { OcicatError } from "../error/ocicat-error.ts";
import { algorithmOf, type Digest } from "../oci/digest.ts";

export class DigestCheck {
  readonly #expected: Digest;
  readonly #hasher: Bun.CryptoHasher;

  constructor(expected: Digest) {
    this.#expected = expected;
    this.#hasher = new Bun.CryptoHasher(algorithmOf(expected));
  }

  update(chunk: Uint8Array): void {
    this.#hasher.update(chunk);
  }

  /** Throws unless all of the content had the digest. Once only. */
  verify(subject: string): void {
    const actual = `${algorithmOf(this.#expected)}:${this.#hasher.digest("hex")}`;
    if (actual !== this.#expected) {
      throw new OcicatError("invalid-config", {
        operation: "verify",
        subject,
        reason: `its digest is ${actual} instead of ${this.#expected}`,
      });
    }
  }
}
