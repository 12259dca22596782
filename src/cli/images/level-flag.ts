// Flags that say how much work to put into compressing.

import { OcicatError, quote } from "../../error/ocicat-error.ts";

/** Undefined where the flag is not given. Throws invalid-argument. */
export function levelOf(flag: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d{1,2}$/.test(text)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--${flag} ${quote(text)}`,
      reason: "it is not a whole number",
    });
  }
  return text === undefined ? undefined : Number(text);
}
