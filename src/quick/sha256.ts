// Bun.CryptoHasher for SHA-256: what it is fed is kept until the digest is asked for.

import { Utf8Encoder } from "./text.ts";

const DIGEST_BYTES = 32;

export class Sha256 {
  readonly algorithm: string;
  readonly #parts: Uint8Array[] = [];

  constructor(algorithm: string) {
    if (algorithm !== "sha256") {
      throw new RangeError(`the quick program has no ${algorithm}`);
    }
    this.algorithm = algorithm;
  }

  update(content: string | Uint8Array): this {
    this.#parts.push(
      typeof content === "string" ? new Utf8Encoder().encode(content) : content.slice(),
    );
    return this;
  }

  digest(): Uint8Array;
  digest(encoding: "hex"): string;
  digest(encoding?: "hex"): Uint8Array | string {
    const digest = new Uint8Array(DIGEST_BYTES);
    native.sha256(this.#joined(), digest);
    return encoding === "hex" ? digest.toHex() : digest;
  }

  #joined(): Uint8Array {
    const [first = new Uint8Array(0), ...more] = this.#parts;
    if (more.length === 0) {
      return first;
    }
    const all = new Uint8Array(this.#parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
