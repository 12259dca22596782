// Sources hand out chunks of any size, often of a few KiB; writing, hashing and decompressing want large
// ones.

import { bytes } from "../../sys/memory.ts";

const PIECE_BYTES = 1024 * 1024;
/** A chunk of this size is passed on as it is. */
const LARGE_BYTES = 256 * 1024;

export interface PieceOptions {
  /** Pieces are used up before the next one is asked for: two buffers are enough for all of them. */
  readonly reuse: boolean;
  /** A chunk has come from the source. */
  readonly onArrival: (bytes: number) => void;
  /** The source has failed: its error follows. */
  readonly onFailure: () => void;
}

/**
 * The same bytes in larger pieces, which the caller may keep unless it lets them be reused. Before an error of the source the piece
 * that was begun comes out: it can be resumed behind that.
 */
export async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  { reuse, onArrival, onFailure }: PieceOptions,
): AsyncGenerator<Uint8Array, void> {
  const piece = new PieceBuffer(reuse);
  try {
    for await (const chunk of source) {
      onArrival(chunk.length);
      const full = chunk.length < LARGE_BYTES ? piece.add(chunk) : piece.take();
      if (full !== undefined) {
        yield full;
      }
      if (chunk.length >= LARGE_BYTES) {
        yield chunk;
      }
    }
  } catch (error) {
    onFailure();
    const begun = piece.take();
    if (begun !== undefined) {
      yield begun;
    }
    throw error;
  }
  const last = piece.take();
  if (last !== undefined) {
    yield last;
  }
}

class PieceBuffer {
  readonly #reuse: boolean;
  #buffer = bytes(0);
  #length = 0;
  /** What went out last, and is used up by the time that this buffer is full. */
  #spare: Uint8Array<ArrayBuffer> | undefined;

  constructor(reuse: boolean) {
    this.#reuse = reuse;
  }

  /** `chunk` is smaller than a piece. Returns the piece that is full with it. */
  add(chunk: Uint8Array): Uint8Array | undefined {
    const fitting = Math.min(chunk.length, this.#buffer.length - this.#length);
    this.#buffer.set(chunk.subarray(0, fitting), this.#length);
    this.#length += fitting;
    if (fitting === chunk.length) {
      return undefined;
    }
    const full = this.take();
    this.#buffer.set(chunk.subarray(fitting));
    this.#length = chunk.length - fitting;
    return full;
  }

  /** What was begun, if anything. */
  take(): Uint8Array | undefined {
    const begun = this.#length === 0 ? undefined : this.#buffer.subarray(0, this.#length);
    const next = this.#reuse ? this.#spare : undefined;
    this.#spare = this.#buffer.length === 0 ? undefined : this.#buffer;
    this.#buffer = next ?? bytes(PIECE_BYTES);
    this.#length = 0;
    return begun;
  }
}
