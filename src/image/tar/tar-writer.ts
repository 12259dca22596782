// Writes a tar archive as a stream, with bounded memory: entry by entry, what is small collected to
// larger writes.

import { bytes } from "../../sys/memory.ts";
import { giveTurn } from "../../sys/waiting.ts";
import { encodeEntry, type NewTarEntry, paddingAfter, wrongContent } from "./encode-entry.ts";
import { BLOCK_BYTES } from "./header.ts";

/** Takes the archive's bytes in order. A chunk is only valid until the result is there. */
export type ByteSink = (chunk: Uint8Array) => void | Promise<void>;

export type ByteSource = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const BUFFER_BYTES = 256 * 1024;

export class TarWriter {
  readonly #sink: ByteSink;
  readonly #buffer = bytes(BUFFER_BYTES);
  #filled = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Adds one entry. `content` are the bytes of a file, of a sparse one those of its segments one after
   * the other; throws when they are more or less than the entry says.
   */
  async add(entry: NewTarEntry, content: ByteSource = []): Promise<void> {
    const { blocks, contentBytes } = encodeEntry(entry);
    await this.#write(blocks);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      if (written > contentBytes) {
        break;
      }
      await this.#write(chunk);
    }
    if (written !== contentBytes) {
      throw wrongContent(entry, written, contentBytes);
    }
    await this.#zeros(paddingAfter(contentBytes));
  }

  /** Two zero blocks end an archive. */
  async finish(): Promise<void> {
    await this.#zeros(2 * BLOCK_BYTES);
    await this.#flush();
  }

  async #zeros(count: number): Promise<void> {
    if (count > 0) {
      await this.#write(new Uint8Array(count));
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (this.#filled + chunk.length > BUFFER_BYTES) {
      await this.#flush();
    }
    if (chunk.length >= BUFFER_BYTES) {
      await this.#send(chunk);
      return;
    }
    this.#buffer.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  async #flush(): Promise<void> {
    if (this.#filled > 0) {
      await this.#send(this.#buffer.subarray(0, this.#filled));
      this.#filled = 0;
    }
  }

  /** Signals are noticed meanwhile: a sink need not wait for anything, and a container may have any number of files. */
  async #send(chunk: Uint8Array): Promise<void> {
    await giveTurn();
    await this.#sink(chunk);
  }
}
