// The error for an entry of a layer that no image may have.

import { OcicatError } from "../../error/ocicat-error.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import type { TarEntry } from "../tar/entry.ts";

export function refusedEntry(entry: TarEntry, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "unpack",
    subject: `${quoteByteString(entry.path)} at byte ${entry.offset} of the archive`,
    reason,
  });
}
