// The body of a request: a small text or bytes as they are, or a stream of known length, whose pace
// is the server's.

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
      const next = await chunks.next();
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
