// Brings one blob into the store: read once, in order, verified while it is written. One task of one
// process does it, under the blob's lock; others wait and find it. The rename to blobs/ is the commit.
//
// A source that breaks off, or a killed process, leaves what has come in staging (partial-blob.ts). What
// is wrong, or can't be written, is removed at once.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Store } from "../../store/layout.ts";
import { lock } from "../../store/lock.ts";
import { DigestCheck } from "../digest-check.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";
import { blobSize, openBlob, removeBlob } from "./blob-folder.ts";
import { hashFile } from "./hash-file.ts";
import type { Ingested, IngestRequest } from "./ingest-request.ts";
import { PartialBlob, partialName } from "./partial-blob.ts";
import { inPieces } from "./pieces.ts";

export async function ingest(store: Store, request: IngestRequest): Promise<Ingested> {
  const { descriptor, localPath, onWait, signal } = request;
  const { digest, size } = descriptor;
  if (blobSize(store, digest) === size) {
    return "existed";
  }
  const lockName = `${partialName(digest)}.lock`;
  using _held = await lock(store.staging.number, lockName, onWait, signal);
  const present = blobSize(store, digest);
  if (present === size) {
    return "existed";
  }
  if (present !== undefined) {
    await removeDamaged(store, descriptor, present);
  }
  using partial = new PartialBlob(store, {
    digest,
    size,
    ...(localPath === undefined ? {} : { localPath }),
  });
  await new Ingest(partial, request).run();
  return "new";
}

/** A blob of another size: it is damaged, or else the descriptor is wrong. */
async function removeDamaged(
  store: Store,
  { digest, size }: IngestRequest["descriptor"],
  present: number,
): Promise<void> {
  using file = openBlob(store, digest);
  const problem = await hashFile(file.number, { digest, offset: 0, length: present }, {});
  if (problem === undefined) {
    throw wrong(digest, `it has ${present} bytes in the store, ${size} by its descriptor`);
  }
  removeBlob(store, digest);
}

class Ingest {
  readonly #partial: PartialBlob;
  readonly #request: IngestRequest;
  readonly #check: DigestCheck;
  readonly #turns = new EventLoopTurns();
  #bytes = 0;
  /** The source broke off: what has come is right as far as anybody knows. */
  #canResume = false;
  /** What `onChunk` found wrong with the content: told when the content is that of the digest. */
  #refusal: OcicatError | undefined;

  constructor(partial: PartialBlob, request: IngestRequest) {
    this.#partial = partial;
    this.#request = request;
    this.#check = new DigestCheck(request.descriptor.digest);
  }

  async run(): Promise<void> {
    try {
      this.#checkAborted();
      await this.#replay();
      await this.#download();
      this.#verify();
      this.#request.onWhole?.();
      await this.#partial.commit();
      this.#throwRefusal();
    } catch (error) {
      if (!this.#canResume && this.#request.signal?.aborted !== true) {
        this.#partial.discard();
      }
      throw error;
    }
  }

  async #replay(): Promise<void> {
    if (this.#partial.length === this.#request.descriptor.size) {
      this.#request.onFile?.(this.#partial.fd);
    }
    for (const piece of this.#partial.content()) {
      await this.#consume(piece);
      this.#request.onProgress?.(this.#bytes);
    }
  }

  async #download(): Promise<void> {
    const { descriptor, onProgress } = this.#request;
    const missing = descriptor.size - this.#bytes;
    if (missing === 0) {
      return;
    }
    this.#partial.checkRoom(missing);
    let received = this.#bytes;
    const pieces = inPieces(this.#open(), {
      onArrival: (bytes) => {
        received += bytes;
        onProgress?.(Math.min(received, descriptor.size));
      },
      onFailure: () => {
        this.#canResume = true;
      },
    });
    for await (const piece of pieces) {
      if (this.#bytes + piece.length > descriptor.size) {
        throw wrong(descriptor.digest, `it is longer than ${descriptor.size} bytes`);
      }
      this.#partial.append(piece);
      await this.#consume(piece);
    }
  }

  #open(): AsyncIterable<Uint8Array> {
    try {
      return this.#request.open(this.#bytes);
    } catch (error) {
      this.#canResume = true;
      throw error;
    }
  }

  async #consume(piece: Uint8Array): Promise<void> {
    this.#bytes += piece.length;
    this.#check.update(piece);
    if (this.#refusal === undefined) {
      await this.#handOut(piece);
    }
    await this.#turns.take();
    this.#checkAborted();
  }

  /**
   * Whoever makes something of the blob may find nonsense in it. Whether that is the image's, or has come
   * about on the way, only the digest of the whole says.
   */
  async #handOut(piece: Uint8Array): Promise<void> {
    try {
      await this.#request.onChunk?.(piece);
    } catch (error) {
      if (!(error instanceof OcicatError) || error.code !== "invalid-config") {
        throw error;
      }
      this.#refusal = error;
    }
  }

  #checkAborted(): void {
    if (this.#request.signal?.aborted === true) {
      throw new OcicatError("interrupted", {
        operation: "store",
        subject: `the blob ${this.#request.descriptor.digest}`,
        reason: "cancelled",
      });
    }
  }

  #verify(): void {
    const { digest, size } = this.#request.descriptor;
    if (this.#bytes < size) {
      throw wrong(digest, `it ends after ${this.#bytes} of ${size} bytes`);
    }
    this.#check.verify(`the blob ${digest}`);
  }

  /** The blob is what it has to be: whoever asks again need not fetch it again. */
  #throwRefusal(): void {
    if (this.#refusal !== undefined) {
      throw this.#refusal;
    }
  }
}

function wrong(digest: Digest, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "store",
    subject: `the blob ${digest}`,
    reason,
  });
}
