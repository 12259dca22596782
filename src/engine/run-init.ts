// --init-path: a small program of the host that becomes the container's first process, hands signals on and
// reaps orphans, in place of ours (src/plan/init-process.ts).

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { stat } from "../sys/file.ts";

const INSIDE = "/sbin/ocicat-init";

/** Throws "not-found" where there is no such file. */
export function foundInit(path: string): string {
  if (stat(path) === undefined) {
    throw new OcicatError("not-found", {
      operation: "use",
      subject: `--init-path ${quote(path)}`,
      reason: "no such file or directory",
    });
  }
  return path;
}

export function initMount(program: string): Mount {
  return {
    destination: INSIDE,
    type: "bind",
    source: program,
    options: ["bind", "rprivate", "ro"],
  };
}

/** tini and catatonit take the command behind two dashes. */
export function withInit(program: string | undefined, args: readonly string[]): readonly string[] {
  return program === undefined ? args : [INSIDE, "--", ...args];
}
