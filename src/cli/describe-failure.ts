// An error as a person reads it: one line, the hint on its own.

import { OcicatError } from "../error/ocicat-error.ts";
import { printable } from "./terminal/printable.ts";

export function describeFailure(error: unknown): string {
  if (!(error instanceof OcicatError)) {
    return `a defect of ocicat: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const hint = error.hint === undefined ? "" : `\nhint: ${error.hint}`;
  const others = error.cleanupFailures.map((failure) => `\nthen: ${describeFailure(failure)}`);
  return printable(`${error.message}${others.join("")}${hint}`);
}
