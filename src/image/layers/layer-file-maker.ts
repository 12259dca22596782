// Makes a layer file of a blob while the blob comes in: inflates, checks and writes what it is given.
// Nothing of it counts before `finish`, which is called when the blob has turned out to be right; until then
// the file has no place in the store. So the metadata are written, and the disk takes the file, while the
// blob, too, is on its way there.

import { O_RDONLY } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { algorithmOf } from "../../oci/digest.ts";
import { call } from "../../sys/call.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { BLOCK_BYTES } from "../erofs/format.ts";
import { LAYER_HEAD_BYTES } from "../erofs/layer-file.ts";
import { LayerFileWriter } from "../erofs/layer-file-writer.ts";
import type { UnpackLimits } from "../unpack/limits.ts";
import { ArchiveCheck, type ArchiveIdentity } from "./archive-check.ts";
import { checkAborted } from "./check-aborted.ts";
import { Handoff } from "./handoff.ts";
import { type InflateTarget, inflateInto } from "./igzip.ts";
import { inflate, type OpenedLayer, openLayer } from "./inflate.ts";

const SEEK_CUR = 1;

export type MadeLayer =
  | { readonly kind: "layer-file"; readonly notes: readonly string[] }
  /** The blob is the archive itself, in whole blocks, and needs no layer file. */
  | { readonly kind: "uncompressed" };

export interface MakerOptions {
  readonly limits: UnpackLimits;
  /** The program that inflates gzip, in place of this process. */
  readonly inflater?: string | undefined;
  readonly signal?: AbortSignal;
  /** The file has all that it is to have. It is awaited. */
  readonly onWritten?: () => Promise<void>;
  /** So much of the blob has been inflated, of a blob that all was pushed of before. */
  readonly onInflated?: (bytes: number) => void;
}

export class LayerFileMaker {
  readonly #fd: number;
  readonly #identity: ArchiveIdentity;
  readonly #options: MakerOptions;
  readonly #handoff = new Handoff();
  readonly #work: Promise<MadeLayer>;
  #blobFile: OwnedFd | undefined;
  #isEnded = false;
  #failure: unknown;

  /** `fd`: an empty file, open for reading and writing. */
  constructor(fd: number, identity: ArchiveIdentity, options: MakerOptions) {
    this.#fd = fd;
    this.#identity = identity;
    this.#options = options;
    this.#work = this.#run().finally(() => {
      this.#handoff.leave();
      this.#blobFile?.[Symbol.dispose]();
    });
    this.#work.catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** All of the blob is in this file. To be called before the first chunk, which comes nevertheless. */
  takeFile(fd: number): void {
    // With a position of its own, which is the inflater's.
    this.#blobFile = new OwnedFd(open(`/proc/self/fd/${fd}`, O_RDONLY));
  }

  /** The next chunk of the blob. Throws what is wrong with those before. */
  async push(chunk: Uint8Array): Promise<void> {
    await this.#handoff.give(chunk);
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  /** There are no more chunks. */
  end(): void {
    this.#isEnded = true;
    this.#handoff.end();
  }

  /** When the blob is in. */
  async finish(): Promise<MadeLayer> {
    this.end();
    return await this.#work;
  }

  /** No more chunks will come: `error` ended them. */
  async abort(error: unknown): Promise<void> {
    this.#handoff.fail(error);
    await this.#work.catch(() => undefined);
  }

  async #run(): Promise<MadeLayer> {
    const layer = await openLayer(this.#handoff);
    const check = new ArchiveCheck(this.#identity, layer.compression, this.#options.limits);
    if (layer.compression === "none" && canBeDevice(this.#identity)) {
      await this.#checkUncompressed(layer, check);
      return { kind: "uncompressed" };
    }
    const writer = await this.#write(layer, check);
    const { notes } = writer.finish(this.#identity.diffId);
    await this.#options.onWritten?.();
    return { kind: "layer-file", notes };
  }

  async #write(layer: OpenedLayer, check: ArchiveCheck): Promise<LayerFileWriter> {
    const { limits, inflater } = this.#options;
    const writer = new LayerFileWriter(this.#fd, limits);
    if (layer.compression === "gzip" && inflater !== undefined) {
      const input = { chunks: layer.chunks, fd: this.#blobFile?.number };
      await inflateInto(inflater, input, this.#target(), (piece) => {
        this.#goOn();
        check.take(piece);
        writer.take(piece);
      });
    } else {
      await inflate(layer, (chunk) => {
        check.take(chunk);
        writer.push(chunk);
      });
    }
    check.verify();
    return writer;
  }

  /** The program works on when nobody pushes chunks any more. */
  #goOn(): void {
    const { signal, onInflated } = this.#options;
    checkAborted(signal, `the layer ${this.#identity.blob.digest}`);
    if (this.#isEnded && this.#blobFile !== undefined) {
      onInflated?.(call("lseek", this.#blobFile.number, 0, SEEK_CUR));
    }
  }

  #target(): InflateTarget {
    const { ratio, ratioFreeBytes, totalBytes } = this.#options.limits;
    const allowed = Math.max(ratioFreeBytes, this.#identity.blob.size * ratio);
    // One byte too many is what the checks of the archive look for.
    const mostBytes = LAYER_HEAD_BYTES + Math.min(allowed, totalBytes) + BLOCK_BYTES;
    return { fd: this.#fd, offset: LAYER_HEAD_BYTES, mostBytes };
  }

  async #checkUncompressed(layer: OpenedLayer, check: ArchiveCheck): Promise<void> {
    const { blob, diffId } = this.#identity;
    if (algorithmOf(blob.digest) === algorithmOf(diffId)) {
      // Whoever gives the chunks checks them against the blob's digest.
      if (blob.digest !== diffId) {
        throw new OcicatError("invalid-config", {
          operation: "verify",
          subject: `the uncompressed layer ${blob.digest}`,
          reason: `the image's configuration calls it ${diffId}`,
        });
      }
      return;
    }
    await inflate(layer, (chunk) => check.take(chunk));
    check.verify();
  }
}

/** A device has whole blocks. Archives have them too, but for those that do not pad their last file. */
export function canBeDevice({ blob }: Pick<ArchiveIdentity, "blob">): boolean {
  return blob.size % BLOCK_BYTES === 0;
}
