// From the bytes of a layer as they come, in chunks of any size, to those of its archive. Memory stays
// bounded: a chunk is read when the one before has been taken.
//
// gzip may have several members, and zeros behind them; zstd several frames, and skippable ones. A
// stream that ends too early is refused. Chunks behind its end are not looked at: they count for the
// digest of the blob, which its reader checks.
//
// All of it happens in this process: zlib works on a thread of its own, so that hashing and writing
// overlap with it. What igzip as a child process saves is spent on the pipes; where it can write to a file
// it is used (igzip.ts). pigz and gzip take more.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { bytes } from "../../sys/memory.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";

const INFLATED_CHUNK_BYTES = 1024 * 1024; // node:zlib's default of 16 KiB takes twice the time
/** Of a blob: they show how it is compressed. */
export const MAGIC_BYTES = 4;

export type Chunks = AsyncIterable<Uint8Array>;

/** A layer of which the beginning has been looked at. */
export interface OpenedLayer {
  readonly compression: LayerCompression;
  /** From the beginning, once. */
  readonly chunks: Chunks;
}

/** Reads until it shows how the layer is compressed. */
export async function openLayer(source: Chunks): Promise<OpenedLayer> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Uint8Array = bytes(0);
  while (start.length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done === true) {
      break;
    }
    start = start.length === 0 ? next.value : joined(start, next.value);
  }
  return { compression: detectCompression(start), chunks: chunksFrom(start, iterator) };
}

/** By the first bytes, not by the media type: that is a claim, and both spellings occur wrongly. */
export function detectCompression(start: Uint8Array): LayerCompression {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = start;
  if (b0 === 0x1f && b1 === 0x8b) {
    return "gzip";
  }
  const isFrame = b0 === 0x28 && b1 === 0xb5 && b2 === 0x2f && b3 === 0xfd;
  const isSkippableFrame = (b0 & 0xf0) === 0x50 && b1 === 0x2a && b2 === 0x4d && b3 === 0x18;
  return isFrame || isSkippableFrame ? "zstd" : "none";
}

/**
 * Hands every chunk of the archive to `consume`, which may throw, and must not keep the chunk. Does not
 * read on after a failure.
 */
export async function inflate(
  { compression, chunks }: OpenedLayer,
  consume: (chunk: Uint8Array) => void,
): Promise<void> {
  switch (compression) {
    case "none":
      for await (const chunk of chunks) {
        consume(chunk);
      }
      break;
    case "gzip":
      await gunzip(chunks, consume);
      break;
    case "zstd":
      await unzstd(chunks, consume);
      break;
  }
}

async function* chunksFrom(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const turns = new EventLoopTurns();
  try {
    if (start.length > 0) {
      yield start;
    }
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      await turns.take();
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = bytes(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

async function gunzip(source: Chunks, consume: (chunk: Uint8Array) => void): Promise<void> {
  const { createGunzip } = await import("node:zlib");
  const { pipeline } = await import("node:stream/promises");
  const inflated = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  let complete = false;
  try {
    await pipeline(source, inflated, async (chunks: Chunks) => {
      for await (const chunk of chunks) {
        consume(chunk);
        release(chunk);
      }
      complete = true;
    });
  } catch (error) {
    // The stream may end before the source does: what is left belongs to the blob alone.
    if (!complete) {
      throw inflateError("gzip", error);
    }
  }
}

/**
 * Gives the memory of a chunk back at once: the collector would let hundreds of megabytes pile up. zlib
 * fills its buffer from the beginning to the end and takes a new one then: who has the end has the last.
 */
function release({ buffer, byteOffset, length }: Uint8Array): void {
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === INFLATED_CHUNK_BYTES;
  if (isOwn && byteOffset + length === INFLATED_CHUNK_BYTES) {
    buffer.transfer(0);
  }
}

/** node:zlib would take a truncated zstd stream for a complete one. */
async function unzstd(source: Chunks, consume: (chunk: Uint8Array) => void): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const compressed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) {
        controller.close();
      } else {
        controller.enqueue(new Uint8Array(next.value));
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  try {
    for await (const chunk of compressed.pipeThrough(new DecompressionStream("zstd"))) {
      consume(chunk);
    }
  } catch (error) {
    throw inflateError("zstd", error);
  }
}

function inflateError(format: string, error: unknown): unknown {
  if (error instanceof OcicatError) {
    return error;
  }
  return new OcicatError("invalid-config", {
    operation: "decompress",
    subject: `a layer in ${format}`,
    reason: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}
