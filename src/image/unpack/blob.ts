// The bytes of a layer: read from a blob, checked against their descriptor, decompressed.

import { O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { checked } from "../../sys/call.ts";
import { OwnedFd, open, statAt, tryRead } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { DigestCheck } from "../digest-check.ts";

/** What a blob has to be. */
export type BlobIdentity = Pick<Descriptor, "digest" | "size">;

const CHUNK_BYTES = 1024 * 1024;
const INFLATED_CHUNK_BYTES = 1024 * 1024; // node:zlib's default of 16 KiB takes twice the time

/** A blob is a regular file, whatever a hostile layout puts in its place. */
export function openBlob(path: string): OwnedFd {
  using file = new OwnedFd(open(path, O_RDONLY | O_NONBLOCK));
  if (((statAt(file.number, "")?.mode ?? 0) & S_IFMT) !== S_IFREG) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: `the blob ${quote(path)}`,
      reason: "it is not a regular file",
    });
  }
  return new OwnedFd(file.release());
}

/** Reads a blob once, from its beginning, and checks it against its descriptor. */
export class BlobReader {
  readonly #fd: number;
  readonly #descriptor: BlobIdentity;
  readonly #check: DigestCheck;
  #read = 0;

  constructor(fd: number, descriptor: BlobIdentity) {
    this.#fd = fd;
    this.#descriptor = descriptor;
    this.#check = new DigestCheck(descriptor.digest);
  }

  get bytesRead(): number {
    return this.#read;
  }

  /** The next chunk, which the caller may keep; undefined at the end. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const { digest, size } = this.#descriptor;
    const buffer = bytes(CHUNK_BYTES);
    const count = checked(tryRead(this.#fd, buffer), "read the blob", digest);
    this.#read += count;
    if (this.#read > size || (count === 0 && this.#read < size)) {
      throw new OcicatError("invalid-config", {
        operation: "read",
        subject: `the blob ${digest}`,
        reason: `it is ${count === 0 ? "shorter" : "longer"} than ${size} bytes`,
      });
    }
    if (count === 0) {
      return undefined;
    }
    const chunk = buffer.subarray(0, count);
    this.#check.update(chunk);
    return chunk;
  }

  /** Reads what is left (behind the end of a compressed stream, say); throws if anything was wrong. */
  verify(): void {
    while (this.next() !== undefined) {
      // Only the digest wants these bytes.
    }
    this.#check.verify(`the blob ${this.#descriptor.digest}`);
  }
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
 * Hands every decompressed chunk to `consume`. gzip may have several members, zstd several frames and
 * skippable ones.
 */
export async function decompress(
  blob: BlobReader,
  consume: (chunk: Uint8Array) => void,
): Promise<void> {
  const first = blob.next();
  if (first === undefined) {
    return;
  }
  const chunks = chunksFrom(first, blob);
  switch (detectCompression(first)) {
    case "none":
      for (const chunk of chunks) {
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

type Chunks = Generator<Uint8Array<ArrayBuffer>, void>;

function* chunksFrom(first: Uint8Array<ArrayBuffer>, blob: BlobReader): Chunks {
  for (let chunk: typeof first | undefined = first; chunk !== undefined; chunk = blob.next()) {
    yield chunk;
  }
}

async function gunzip(source: Chunks, consume: (chunk: Uint8Array) => void): Promise<void> {
  const { createGunzip } = await import("node:zlib");
  const { pipeline } = await import("node:stream/promises");
  const inflated = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  let complete = false;
  await pipeline(source, inflated, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      consume(chunk);
    }
    complete = true;
  }).catch((error: unknown) => {
    // The compressed stream may end before the blob does; the blob's digest judges what is left.
    if (!complete) {
      throw decompressionError("gzip", error);
    }
  });
}

/** node:zlib would take a truncated zstd stream for a complete one. */
async function unzstd(source: Chunks, consume: (chunk: Uint8Array) => void): Promise<void> {
  const compressed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = source.next();
      if (next.done === true) {
        controller.close();
      } else {
        controller.enqueue(next.value);
      }
    },
  });
  try {
    for await (const chunk of compressed.pipeThrough(new DecompressionStream("zstd"))) {
      consume(chunk);
    }
  } catch (error) {
    throw decompressionError("zstd", error);
  }
}

function decompressionError(format: string, error: unknown): unknown {
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
