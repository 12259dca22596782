// The bytes of a blob that is a file: read once, and checked against their descriptor.

import { O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, open, statAt } from "../../sys/file.ts";
import { BufferRing } from "../buffer-ring.ts";
import { DigestCheck } from "../digest-check.ts";

/** What a blob has to be. */
export type BlobIdentity = Pick<Descriptor, "digest" | "size">;

const CHUNK_BYTES = 1024 * 1024;

/** A blob is a regular file, whatever a hostile layout puts in its place. */
export function openBlob(path: string): OwnedFd {
  using file = new OwnedFd(open(path, O_RDONLY | O_NONBLOCK));
  if (((statAt(file.number, "")?.mode ?? 0) & S_IFMT) !== S_IFREG) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: `the blob ${quote(path)}`,
      reason: "it is not a regular file",
    });
  }
  return new OwnedFd(file.release());
}

/** Reads a blob once, from its beginning, and checks it against its descriptor. */
export class BlobReader {
  readonly #fd: number;
  readonly #descriptor: BlobIdentity;
  readonly #check: DigestCheck;
  readonly #offset: number | undefined;
  readonly #ring = new BufferRing(CHUNK_BYTES);
  #read = 0;

  /** `offset`: the content is a part of the file, and begins there. */
  constructor(fd: number, descriptor: BlobIdentity, offset?: number) {
    this.#fd = fd;
    this.#offset = offset;
    this.#descriptor = descriptor;
    this.#check = new DigestCheck(descriptor.digest);
  }

  get bytesRead(): number {
    return this.#read;
  }

  /** The next chunk, in a buffer of a BufferRing; undefined at the end. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const { digest, size } = this.#descriptor;
    const buffer = this.#ring.next();
    const wanted =
      this.#offset === undefined ? CHUNK_BYTES : Math.min(CHUNK_BYTES, size - this.#read);
    const place = (this.#offset ?? 0) + this.#read;
    const result = call("pread64", this.#fd, addressOf(buffer), wanted, place);
    const count = checked(result, "read the blob", digest);
    this.#read += count;
    if (this.#read > size || (count === 0 && this.#read < size)) {
      throw new OcicatError("invalid-config", {
        operation: "read",
        subject: `the blob ${digest}`,
        reason: `it is ${count === 0 ? "shorter" : "longer"} than ${size} bytes`,
      });
    }
    if (count === 0) {
      return undefined;
    }
    const chunk = buffer.subarray(0, count);
    this.#check.update(chunk);
    return chunk;
  }

  /** All of it that comes from here on. */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    for (let chunk = this.next(); chunk !== undefined; chunk = this.next()) {
      yield chunk;
    }
  }

  /** Reads what is left (behind the end of a compressed stream, say); throws if anything was wrong. */
  verify(): void {
    while (this.next() !== undefined) {
      // Only the digest wants these bytes.
    }
    this.#check.verify(`the blob ${this.#descriptor.digest}`);
  }
}
