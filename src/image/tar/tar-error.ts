// The errors of reading a tar archive. Each names the place in the uncompressed archive.

import { OcicatError } from "../../error/ocicat-error.ts";

/** The archive breaks the format. */
export function malformed(offset: number, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "read",
    subject: `the tar archive at byte ${offset}`,
    reason,
  });
}

/** The archive is well-formed, as far as it was read, but larger than we allow. */
export function overLimit(offset: number, what: string, limit: number): OcicatError {
  return new OcicatError("exhausted", {
    operation: "read",
    subject: `the tar archive at byte ${offset}`,
    reason: `${what} exceeds the limit of ${limit}`,
  });
}
