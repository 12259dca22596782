// Checks content against the digest that names it, while it streams by.

import { OcicatError } from "../error/ocicat-error.ts";

export class DigestCheck {
  readonly #expected: string;
  readonly #algorithm: string;
  readonly #hasher: Bun.CryptoHasher;

  /** `expected` is a valid digest of src/oci/digest.ts. */
  constructor(expected: string) {
    this.#expected = expected;
    this.#algorithm = expected.slice(0, expected.indexOf(":"));
    this.#hasher = new Bun.CryptoHasher(this.#algorithm === "sha512" ? "sha512" : "sha256");
  }

  update(chunk: Uint8Array): void {
    this.#hasher.update(chunk);
  }

  /** Throws unless all of the content had the digest. Once only. */
  verify(subject: string): void {
    const actual = `${this.#algorithm}:${this.#hasher.digest("hex")}`;
    if (actual !== this.#expected) {
      throw new OcicatError("invalid-config", {
        operation: "verify",
        subject,
        reason: `its digest is ${actual} instead of ${this.#expected}`,
      });
    }
  }
}
