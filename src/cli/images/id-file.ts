// Files that get the ID of an image, or a digest, for scripts: --iidfile, --digestfile.

import { writeFileSync } from "node:fs";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { absolutePath } from "../absolute-path.ts";

/** In place of what is there. `path` undefined: nobody asked. */
export function writeIdFile(path: string | undefined, text: string): void {
  if (path === undefined) {
    return;
  }
  try {
    writeFileSync(absolutePath(path), text);
  } catch (error) {
    throw new OcicatError("unavailable", {
      operation: "write",
      subject: quote(path),
      reason: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}
