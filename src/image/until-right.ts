// Blobs that come whole, but wrong: damaged on their way, by a proxy or by a mirror that has something else.

import type { Descriptor } from "../oci/descriptor.ts";
import { DigestMismatch } from "./digest-check.ts";
import type { ImageEvent } from "./image-event.ts";
import type { ImageSource } from "./image-source.ts";

/** Repeats what failed because of the blob's digest, as long as its source knows of another way. */
export async function untilRight<Result>(
  source: Pick<ImageSource, "wasWrong">,
  blob: Descriptor,
  attempt: () => Promise<Result>,
  onEvent?: (event: ImageEvent) => void,
): Promise<Result> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isWrong = error instanceof DigestMismatch && error.expected === blob.digest;
      if (!isWrong || source.wasWrong?.(blob) !== true) {
        throw error;
      }
      const { reason } = error;
      onEvent?.({ kind: "retry", subject: `blob ${blob.digest}`, reason, waitMs: 0 });
    }
  }
}
