// One blob of an image into the store, told as it goes.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Ingested } from "../content/ingest-request.ts";
import { untilRight } from "../until-right.ts";
import { type BringInContext, reportLayer } from "./bring-in-context.ts";

/** Makes something of a blob while it comes in. */
export interface BlobConsumer {
  /** See IngestRequest.onChunk. */
  push(chunk: Uint8Array): Promise<void>;
  /** See IngestRequest.onFile. */
  takeFile(fd: number): void;
  /** See IngestRequest.onWhole. */
  end(): void;
}

/** The last event, "done" or "exists", is the caller's. */
export async function ingestBlob(
  context: BringInContext,
  blob: Descriptor,
  consumer?: BlobConsumer,
): Promise<Ingested> {
  const { store, source, signal } = context;
  const localPath = source.localPath?.(blob);
  return await store.ingest({
    descriptor: blob,
    open: (offset) => source.blob(blob, offset, signal),
    ...(localPath === undefined ? {} : { localPath }),
    ...(consumer === undefined
      ? {}
      : {
          onFile: (fd) => consumer.takeFile(fd),
          onChunk: (chunk) => consumer.push(chunk),
          onWhole: () => consumer.end(),
        }),
    onProgress: (bytes) => reportLayer(context, blob, { phase: "downloading", bytes }),
    onWait: () => reportLayer(context, blob, { phase: "waiting", bytes: 0 }),
    signal,
  });
}

/** A blob of which nothing is made while it comes. One that comes wrong is asked for again. */
export async function ingestWhole(context: BringInContext, blob: Descriptor): Promise<Ingested> {
  const attempt = () => ingestBlob(context, blob);
  return await untilRight(context.source, blob, attempt, context.onEvent);
}

/** A blob of which nothing is made. */
export async function bringInBlob(context: BringInContext, blob: Descriptor): Promise<void> {
  const ingested = await ingestWhole(context, blob);
  const phase = ingested === "new" ? "done" : "exists";
  reportLayer(context, blob, { phase, bytes: blob.size });
}
