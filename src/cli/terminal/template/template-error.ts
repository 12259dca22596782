// Faults of a template: each points at the place where it stands.

import { OcicatError, quote } from "../../../error/ocicat-error.ts";

export interface Place {
  readonly source: string;
  /** In UTF-16 units. */
  readonly offset: number;
  /** The piece that the reason is about. */
  readonly text: string;
}

export function templateError({ source, offset, text }: Place, reason: string, hint?: string) {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - (before.lastIndexOf("\n") + 1) + 1;
  const where = source.includes("\n") ? `line ${line}, column ${column}` : `column ${column}`;
  const shown = text === "" ? "" : `, ${quote(text)}`;
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: "the template of --format",
    reason: `${where}${shown}: ${reason}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
