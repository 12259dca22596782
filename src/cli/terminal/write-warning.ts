// Warnings, to standard error: what they tell of images and containers may be anybody's words.

import { writeError } from "../write-text.ts";
import { printable } from "./printable.ts";

export function writeWarning(text: string): void {
  writeError(printable(`ocicat: warning: ${text}\n`));
}
