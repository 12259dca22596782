// --preserve-fds: descriptors that a caller means to pass on are his.

import { OcicatError } from "../error/ocicat-error.ts";

/** A descriptor that is not there would be any other that this program opened. */
export function checkPreserved(count: number, inherited: readonly number[] | undefined): void {
  for (let fd = 3; fd < 3 + count; fd++) {
    if (inherited?.includes(fd) === false) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `--preserve-fds ${count}`,
        reason: `descriptor ${fd} is not open`,
      });
    }
  }
}
