// Names of containers, which are also names of folders.

import { OcicatError, quote } from "../error/ocicat-error.ts";

const ID_PATTERN = /^[\w+\-.]+$/;
const LONGEST_ID = 1024;

/** Throws unless `id` has only letters, digits, and `_ + - .`, as runc has it. */
export function checkContainerId(id: string): void {
  const isName = ID_PATTERN.test(id) && id !== "." && id !== ".." && id.length <= LONGEST_ID;
  if (!isName) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the container id ${quote(id)}`,
      reason: 'an id has letters, digits and "_+-." alone',
    });
  }
}
