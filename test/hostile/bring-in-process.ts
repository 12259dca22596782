// Brings images of a layout into a store, in a process of its own, which a test has killed at a point:
//
//   bun bring-in-process.ts '{"root": ..., "layout": ..., "format": "erofs", "killAtCall": 17}'
//
// All images of the layout's index.json, each named after its annotation. It can be done again after any
// part of it. Exits with 0 and the number of system calls when it is done.

import { appendFileSync } from "node:fs";
import { bringIn } from "../../src/image/bring-in.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import type { ImageSource } from "../../src/image/image-source.ts";
import { readLayoutIndex } from "../../src/image/layout-index.ts";
import { LayoutSource } from "../../src/image/layout-source.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { REFERENCE_NAME } from "../../src/oci/descriptor.ts";
import { observeCalls } from "../../src/sys/call.ts";

export interface BringInRequest {
  readonly root: string;
  readonly layout: string;
  readonly format: LayerFormat;
  readonly compressed?: "keep" | "drop";
  /** SIGKILL before this system call of this process: 1 is the first. */
  readonly killAtCall?: number;
  /** A line for each blob that is read from its beginning. */
  readonly log?: string;
}

const PIECE_BYTES = 3000;

export async function bringAllIn(request: BringInRequest): Promise<void> {
  const { root, layout, format, compressed = "keep" } = request;
  const platform = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
  using store = new ContentStore(root);
  const source = sourceOf(request);
  for (const descriptor of readLayoutIndex(layout).manifests) {
    const options = { platform, format, compressed };
    using brought = await bringIn(store, source, descriptor, options);
    const name = descriptor.annotations?.[REFERENCE_NAME] ?? "none";
    await store.setName(`localhost/${name}:latest`, brought.descriptor);
  }
}

/** In small pieces, and without the layout's own files being taken over. */
function sourceOf({ layout, log }: BringInRequest): ImageSource {
  const source = new LayoutSource(layout);
  return {
    description: source.description,
    document: (descriptor) => source.document(descriptor),
    async *blob(descriptor, offset) {
      if (log !== undefined && offset === 0) {
        appendFileSync(log, `${descriptor.digest}\n`);
      }
      for await (const chunk of source.blob(descriptor, offset)) {
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
          yield chunk.subarray(at, at + PIECE_BYTES);
        }
      }
    },
  };
}

if (import.meta.main) {
  const request: BringInRequest = JSON.parse(process.argv.at(-1) ?? "");
  let calls = 0;
  observeCalls((number) => {
    calls = number;
    if (number === request.killAtCall) {
      process.kill(process.pid, "SIGKILL");
    }
  });
  await bringAllIn(request);
  observeCalls(undefined);
  process.stdout.write(String(calls));
}
