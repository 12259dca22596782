// The error of a flag whose value is no good.

import { OcicatError, quote } from "../../error/ocicat-error.ts";

export function badValue(flag: string, value: string, reason: string, hint?: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `--${flag} ${quote(value)}`,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}
