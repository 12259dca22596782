// Gives stored bytes their places in the file.

import type { SparseSegment, TarHandler } from "./entry.ts";

export class SegmentFeed {
  readonly #handler: TarHandler;
  readonly #segments: readonly SparseSegment[];
  #index = 0;
  #done = 0;

  constructor(handler: TarHandler, segments: readonly SparseSegment[]) {
    this.#handler = handler;
    this.#segments = segments;
  }

  /** Never more bytes, in all, than the segments have. */
  push(chunk: Uint8Array): void {
    let start = 0;
    while (start < chunk.length) {
      const segment = this.#segments[this.#index];
      if (segment === undefined) {
        return;
      }
      const count = Math.min(segment.length - this.#done, chunk.length - start);
      if (count > 0) {
        this.#handler.data?.(chunk.subarray(start, start + count), segment.offset + this.#done);
      }
      this.#done += count;
      start += count;
      if (this.#done === segment.length) {
        this.#index += 1;
        this.#done = 0;
      }
    }
  }
}
