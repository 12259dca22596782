// An answer: its head, and the ways to read its body. Exactly one of document, beginning, chunks,
// discard and abandon is called.

import type { OcicatError } from "../../error/ocicat-error.ts";
import { RegistryError, type Task } from "./registry-error.ts";
import type { RegistryLimits } from "./registry-options.ts";
import type { RequestClock } from "./request-clock.ts";

export interface AnswerParts {
  readonly task: Task;
  /** Where it came from in the end. */
  readonly url: URL;
  readonly response: Response;
  readonly clock: RequestClock;
  readonly limits: RegistryLimits;
  /** The error for what reading the body threw. */
  readonly failure: (error: unknown) => OcicatError;
}

/** Read to its end, a short body leaves a connection that the next request can use. */
const DISCARDED_BYTES_MAX = 64 * 1024;
/** As long as that is worth it. */
const DISCARD_MS = 5000;
/** A document has to be there in so many times the greatest silence. */
const DOCUMENT_IDLE_TIMES = 5;

export class HttpAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly #parts: AnswerParts;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
    this.url = parts.url;
    this.status = parts.response.status;
    this.headers = parts.response.headers;
  }

  /** Content-Length, where it is one. */
  get length(): number | undefined {
    const text = this.headers.get("content-length") ?? "";
    return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  }

  /** The whole body. Throws "exhausted" when it is longer than `limit`. */
  async document(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if ((this.length ?? 0) > limit) {
      await this.discard();
      throw this.#tooLong(limit);
    }
    const { clock, limits } = this.#parts;
    clock.endWithin(limits.idleMs * DOCUMENT_IDLE_TIMES);
    const { content, isWhole } = await this.#read(limit);
    if (!isWhole) {
      throw this.#tooLong(limit);
    }
    return content;
  }

  /** At most `limit` bytes of the body as a text; never throws. */
  async beginning(limit: number): Promise<string> {
    const { clock, limits } = this.#parts;
    clock.endWithin(Math.min(limits.idleMs, DISCARD_MS));
    try {
      const { content } = await this.#read(limit);
      return new TextDecoder().decode(content);
    } catch {
      return "";
    }
  }

  async discard(): Promise<void> {
    await this.beginning(DISCARDED_BYTES_MAX);
  }

  /** Drops the connection instead of reading what nobody wants. */
  abandon(): void {
    this.#parts.clock.abandon();
  }

  /** The body as it comes. Leaving the loop early drops the connection. */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { clock, response, failure } = this.#parts;
    if (response.body === null) {
      clock.completed();
      return;
    }
    const reader = response.body.getReader();
    let isWhole = false;
    try {
      for (;;) {
        clock.download.begin();
        const { done, value } = await reader.read();
        clock.download.end(value?.length ?? 0);
        if (done) {
          isWhole = true;
          return;
        }
        yield value;
      }
    } catch (error) {
      throw failure(error);
    } finally {
      clock.completed();
      if (!isWhole) {
        clock.abandon();
      }
    }
  }

  async #read(limit: number): Promise<{ content: Uint8Array<ArrayBuffer>; isWhole: boolean }> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const chunk of this.chunks()) {
      const taken = chunk.subarray(0, limit - bytes);
      parts.push(taken);
      bytes += taken.length;
      if (taken.length < chunk.length) {
        return { content: joined(parts, bytes), isWhole: false };
      }
    }
    return { content: joined(parts, bytes), isWhole: true };
  }

  #tooLong(limit: number): RegistryError {
    return new RegistryError("exhausted", {
      ...this.#parts.task,
      reason: `"${this.url.host}" sends more than ${limit} bytes`,
    });
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(new ArrayBuffer(bytes));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
