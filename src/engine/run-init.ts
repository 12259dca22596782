// --init-path: a small program of the host that becomes the container's first process, hands signals on and
// reaps orphans, in place of ours (src/plan/init-process.ts).

import type { Mount } from "../oci/mount.ts";

const INSIDE = "/sbin/ocicat-init";

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
