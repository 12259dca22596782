// How a cancelled unpacking ends: with the one error that says so.

import { OcicatError } from "../../error/ocicat-error.ts";

/** Throws "interrupted" once the signal has come. `subject` is what was being done to. */
export function checkAborted(signal: AbortSignal | undefined, subject: string): void {
  if (signal?.aborted === true) {
    throw new OcicatError("interrupted", { operation: "go on with", subject, reason: "cancelled" });
  }
}
