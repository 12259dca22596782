// Checks content against the digest that names it, while it streams by.

import { OcicatError } from "../error/ocicat-error.ts";
import { algorithmOf, type Digest } from "../oci/digest.ts";

/** Content came whole, but is not what its digest says. */
export class DigestMismatch extends OcicatError {
  readonly expected: Digest;

  constructor(subject: string, expected: Digest, actual: string) {
    const reason = `its digest is ${actual} instead of ${expected}`;
    super("invalid-config", { operation: "verify", subject, reason });
    this.expected = expected;
  }
}

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

  /** Throws DigestMismatch unless all of the content had the digest. Once only. */
  verify(subject: string): void {
    const actual = `${algorithmOf(this.#expected)}:${this.#hasher.digest("hex")}`;
    if (actual !== this.#expected) {
      throw new DigestMismatch(subject, this.#expected, actual);
    }
  }
}
