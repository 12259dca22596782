// Sources hand out chunks of any size, often of a few KiB; writing, hashing and decompressing want large
// ones.

import { BufferRing } from "../buffer-ring.ts";

const PIECE_BYTES = 1024 * 1024;
/** A chunk of this size is passed on as it is. */
const LARGE_BYTES = 256 * 1024;

export interface PieceOptions {
  /** A chunk has come from the source. */
  readonly onArrival: (bytes: number) => void;
  /** The source has failed: its error follows. */
  readonly onFailure: () => void;
}

/**
 * The same bytes in larger pieces, in the buffers of a BufferRing. Before an error of the source the piece
 * that was begun comes out: it can be resumed behind that.
 */
export async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  { onArrival, onFailure }: PieceOptions,
): AsyncGenerator<Uint8Array, void> {
  const piece = new PieceBuffer();
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
  readonly #ring = new BufferRing(PIECE_BYTES);
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;

  /** `chunk` is smaller than a piece. Returns the piece that is full with it. */
  add(chunk: Uint8Array): Uint8Array | undefined {
    const fitting = Math.min(chunk.length, PIECE_BYTES - this.#length);
    this.#append(chunk.subarray(0, fitting));
    if (fitting === chunk.length) {
      return undefined;
    }
    const full = this.take();
    this.#append(chunk.subarray(fitting));
    return full;
  }

  /** What was begun, if anything. */
  take(): Uint8Array | undefined {
    const begun = this.#buffer?.subarray(0, this.#length);
    this.#buffer = undefined;
    this.#length = 0;
    return begun;
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length > 0) {
      this.#buffer ??= this.#ring.next();
      this.#buffer.set(bytes, this.#length);
      this.#length += bytes.length;
    }
  }
}
