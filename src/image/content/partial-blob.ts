// A blob that is on its way in: staging/ALGORITHM-HEX.partial. What an interrupted download has left
// there is the beginning of the next one, after it was read again: only the digest of the whole says
// whether it was right. Whoever has it open holds its lock.

import { O_CREAT, O_RDONLY, O_RDWR, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import type { Store } from "../../store/layout.ts";
import { call, checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  OwnedFd,
  openAt,
  renameAt,
  statAt,
  tryRead,
  tryUnlinkAt,
  writeAll,
} from "../../sys/file.ts";
import { availableBytes } from "../../sys/free-space.ts";
import { WriteBack } from "../../sys/write-back.ts";
import { BufferRing } from "../buffer-ring.ts";
import { BLOB_MODE, blobName } from "./blob-folder.ts";
import { shareFile } from "./share-file.ts";

const PIECE_BYTES = 1024 * 1024;

export function partialName(digest: Digest): string {
  return `${algorithmOf(digest)}-${hexOf(digest)}.partial`;
}

export interface PartialRequest {
  readonly digest: Digest;
  readonly size: number;
  /** A file that is said to have the content: shared, where that is safe. */
  readonly localPath?: string;
}

export class PartialBlob implements Disposable {
  readonly #store: Store;
  readonly #digest: Digest;
  readonly #file: OwnedFd;
  readonly #writeBack: WriteBack;
  #length: number;

  /** Opens what is there, or an empty one. */
  constructor(store: Store, { digest, size, localPath }: PartialRequest) {
    this.#store = store;
    this.#digest = digest;
    const stagingFd = store.staging.number;
    const name = partialName(digest);
    const { O_NOFOLLOW } = hostArchitecture.openFlags;
    const isShared =
      localPath !== undefined && shareFile({ path: localPath, size, stagingFd, name });
    if (!(isShared || isResumable(stagingFd, name, size))) {
      tryUnlinkAt(stagingFd, name);
    }
    const flags = isShared ? O_RDONLY : O_RDWR | O_CREAT;
    this.#file = new OwnedFd(openAt(stagingFd, name, flags | O_NOFOLLOW, BLOB_MODE));
    this.#writeBack = new WriteBack(this.#file.number);
    this.#length = statAt(this.#file.number, "")?.size ?? 0;
  }

  get fd(): number {
    return this.#file.number;
  }

  /** Bytes. */
  get length(): number {
    return this.#length;
  }

  /**
   * What is there, from the beginning, in the buffers of a BufferRing. All of it is to be read before
   * something is appended.
   */
  *content(): Generator<Uint8Array, void> {
    const ring = new BufferRing(Math.min(PIECE_BYTES, this.#length));
    for (let offset = 0; offset < this.#length; ) {
      const piece = ring.next().subarray(0, this.#length - offset);
      const count = checked(tryRead(this.#file.number, piece), "read", this.#subject);
      if (count === 0) {
        const reason = "it became shorter meanwhile";
        throw new OcicatError("wrong-state", { operation: "read", subject: this.#subject, reason });
      }
      offset += count;
      yield piece.subarray(0, count);
    }
  }

  /** Throws "exhausted" unless `more` bytes have a chance to fit. */
  checkRoom(more: number): void {
    const available = availableBytes(this.#file.number, "the store");
    if (more > available) {
      throw new OcicatError("exhausted", {
        operation: "store",
        subject: this.#subject,
        reason: `it needs ${more} bytes, the file system of the store has ${available} left`,
        hint: "`ocicat system prune` removes what no image and no container needs",
      });
    }
  }

  append(chunk: Uint8Array): void {
    writeAll(this.#file.number, chunk, this.#subject);
    this.#length += chunk.length;
    this.#writeBack.upTo(this.#length);
  }

  /** Puts it to its place, from where it is never written to again. */
  async commit(): Promise<void> {
    const fd = this.#file.number;
    // The mode of a shared inode is not ours to change.
    if (statAt(fd, "")?.links === 1) {
      checked(call("fchmod", fd, BLOB_MODE), "change the mode of", this.#subject);
    }
    await forceToDiskAside(fd, this.#subject);
    const stagingFd = this.#store.staging.number;
    const blobsFd = this.#store.blobs.number;
    renameAt(stagingFd, partialName(this.#digest), blobsFd, blobName(this.#digest));
  }

  discard(): void {
    tryUnlinkAt(this.#store.staging.number, partialName(this.#digest));
  }

  get #subject(): string {
    return `the blob ${this.#digest}`;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** A file with a second name is that of another image layout, which must not be written to. */
function isResumable(stagingFd: number, name: string, size: number): boolean {
  const status = statAt(stagingFd, name);
  return (
    status !== undefined &&
    (status.mode & S_IFMT) === S_IFREG &&
    status.links === 1 &&
    status.size <= size
  );
}

/** Other tasks go on meanwhile: it can take as long as the download did. */
async function forceToDiskAside(fd: number, subject: string): Promise<void> {
  const { fsync } = await import("node:fs");
  const errno = await new Promise<number>((resolve) => {
    fsync(fd, (error) => {
      resolve(error?.errno ?? 0);
    });
  });
  checked(-Math.abs(errno), "write to the disk", subject);
}
