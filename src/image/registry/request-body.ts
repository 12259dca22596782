// The body of a request: a small text or bytes as they are, or a stream of known length, whose pace
// is the server's.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { RequestClock } from "./request-clock.ts";

export type RequestBody =
  | { readonly kind: "bytes"; readonly content: string | Uint8Array<ArrayBuffer> }
  | {
      readonly kind: "stream";
      /** Bytes that `chunks` has in all. */
      readonly size: number;
      readonly chunks: AsyncIterable<Uint8Array>;
      /** Bytes that have been handed to the connection so far. */
      readonly onSent?: (bytes: number) => void;
    };

/** What fetch takes. The clock waits for an answer once everything is on its way. */
export function fetchBody(
  body: RequestBody,
  clock: RequestClock,
): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (body.kind === "bytes") {
    clock.waitForAnswer();
    return body.content;
  }
  const chunks = body.chunks[Symbol.asyncIterator]();
  let lastBytes = 0;
  let sentBytes = 0;
  return new ReadableStream<Uint8Array>({
    start() {
      clock.upload.begin();
    },
    async pull(controller) {
      clock.upload.end(lastBytes);
      sentBytes += lastBytes;
      body.onSent?.(sentBytes);
      const next = await nextOf(chunks);
      if (next.done === true) {
        controller.close();
        clock.waitForAnswer();
        return;
      }
      lastBytes = next.value.length;
      controller.enqueue(next.value);
      clock.upload.begin();
    },
    async cancel() {
      clock.upload.stop();
      await chunks.return?.();
    },
  });
}

/** What cannot be read has nothing to do with the registry: nobody is to ask it again. */
async function nextOf(
  chunks: AsyncIterator<Uint8Array>,
): Promise<IteratorResult<Uint8Array, unknown>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw error instanceof OcicatError
      ? error
      : new OcicatError("system", {
          operation: "read",
          subject: "what is to be uploaded",
          reason: error instanceof Error ? error.message : String(error),
          cause: error,
        });
  }
}
