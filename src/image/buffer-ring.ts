// Buffers for content that passes by in pieces, used in turn. Fresh ones are memory that the kernel has to
// zero first, and that lies about until it is collected.

import { bytes } from "../sys/memory.ts";

/** One is being filled, one waits to be taken, one has been, and one is still written by another thread. */
const BUFFERS = 4;

export class BufferRing {
  readonly #size: number;
  readonly #buffers: Uint8Array<ArrayBuffer>[] = [];
  #next = 0;

  /** `size` of each, which is made when it is needed. */
  constructor(size: number) {
    this.#size = size;
  }

  /** What it has in it is used up when the third one after it is asked for. */
  next(): Uint8Array<ArrayBuffer> {
    const buffer = this.#buffers[this.#next] ?? bytes(this.#size);
    this.#buffers[this.#next] = buffer;
    this.#next = (this.#next + 1) % BUFFERS;
    return buffer;
  }
}
