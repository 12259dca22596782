// Files that commands read and write archives from and to: "-" and nothing are the standard streams.

import type { ArchiveInput } from "../../image/formats/archive-input.ts";
import type { ArchiveOutput } from "../../image/formats/archive-output.ts";
import { absolutePath } from "../absolute-path.ts";

export function archiveInput(path: string | undefined): ArchiveInput {
  return path === undefined || path === "-"
    ? { kind: "descriptor", fd: 0, description: "standard input" }
    : { kind: "path", path: absolutePath(path) };
}

export function archiveOutput(path: string | undefined): ArchiveOutput {
  return path === undefined || path === "-"
    ? { kind: "descriptor", fd: 1, description: "standard output" }
    : { kind: "path", path: absolutePath(path) };
}
