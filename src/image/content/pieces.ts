// Sources hand out chunks of any size, often of a few KiB; writing, hashing and decompressing want large
// ones.

import { bytes } from "../../sys/memory.ts";

const PIECE_BYTES = 1024 * 1024;
/** A chunk of this size is passed on as it is. */
const LARGE_BYTES = 256 * 1024;

/**
 * The same bytes in larger pieces, which the caller may keep. `onArrival` hears of each chunk. Before
 * an error of the source the piece that was begun comes out: it can be resumed behind that.
 */
export async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  onArrival: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  const piece = new PieceBuffer();
  try {
    for await (const chunk of source) {
      onArrival(chunk.length);
      yield* piece.add(chunk);
    }
  } catch (error) {
    yield* piece.rest();
    throw error;
  }
  yield* piece.rest();
}

class PieceBuffer {
  #buffer = bytes(0);
  #length = 0;

  *add(chunk: Uint8Array): Generator<Uint8Array, void> {
    if (this.#length === 0 && chunk.length >= LARGE_BYTES) {
      yield chunk;
      return;
    }
    for (let offset = 0; offset < chunk.length; ) {
      if (this.#length === 0) {
        this.#buffer = bytes(PIECE_BYTES);
      }
      const part = chunk.subarray(offset, offset + PIECE_BYTES - this.#length);
      this.#buffer.set(part, this.#length);
      this.#length += part.length;
      offset += part.length;
      if (this.#length === PIECE_BYTES) {
        yield* this.rest();
      }
    }
  }

  *rest(): Generator<Uint8Array, void> {
    if (this.#length > 0) {
      const piece = this.#buffer.subarray(0, this.#length);
      this.#length = 0;
      yield piece;
    }
  }
}
