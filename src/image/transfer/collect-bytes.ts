// A small blob as a whole.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";

/** At most `descriptor.size` bytes, which must be those of a document of at most `limit` bytes. */
export async function collectBytes(
  chunks: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
  limit: number,
): Promise<Uint8Array> {
  if (size > limit) {
    throw refused("exhausted", digest, `it has ${size} bytes, a document may have ${limit}`);
  }
  const content = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    if (filled + chunk.length > size) {
      throw refused("invalid-config", digest, `it is longer than ${size} bytes`);
    }
    content.set(chunk, filled);
    filled += chunk.length;
  }
  return content.subarray(0, filled);
}

function refused(
  code: "exhausted" | "invalid-config",
  digest: string,
  reason: string,
): OcicatError {
  return new OcicatError(code, { operation: "read", subject: `the blob ${digest}`, reason });
}
