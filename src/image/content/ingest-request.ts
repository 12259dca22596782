// What bringing one blob into the store takes.

import type { Descriptor } from "../../oci/descriptor.ts";

export interface IngestRequest {
  readonly descriptor: Pick<Descriptor, "digest" | "size">;
  /** The bytes from `offset` on. Throws when it can't go on: what came is kept for the next try. */
  readonly open: (offset: number) => AsyncIterable<Uint8Array>;
  /**
   * A file on this machine that is said to have the content: shared (reflink, hard link) where that is
   * safe, in place of copying. `open` is used where it is not.
   */
  readonly localPath?: string;
  /**
   * Takes all of the blob in order, what an earlier try has left included. A chunk is its until the third
   * one after it comes (BufferRing).
   * Nothing says that they are right until the blob is in. It is awaited before the next chunk. An error
   * of code "invalid-config" waits for the end: a blob with another digest is told of as that.
   */
  readonly onChunk?: (chunk: Uint8Array) => void | Promise<void>;
  /**
   * All of the blob is in this file before the first chunk comes, and can be read from it until the blob is in.
   * Nothing says that it is right before that.
   */
  readonly onFile?: (fd: number) => void;
  /** `onChunk` has had all of it, and it is right. What follows is the wait for the disk. */
  readonly onWhole?: () => void;
  /** `bytes` of the blob are here, of descriptor.size. */
  readonly onProgress?: (bytes: number) => void;
  /** Another process, or another task of this one, brings the blob in: it is waited for. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

/** "existed": it was there, or another brought it in meanwhile; `onChunk` was not called. */
export type Ingested = "new" | "existed";
