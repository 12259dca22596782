// --init: a small program of the host that becomes the container's first process, hands signals on and
// reaps orphans. ocicat has none of its own; tini (docker-init) and catatonit are known to be one.

import { OcicatError } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { stat } from "../sys/file.ts";

/** Static ones: they run in any image. */
const KNOWN_PROGRAMS = [
  "/usr/libexec/podman/catatonit",
  "/usr/bin/catatonit",
  "/usr/bin/docker-init",
  "/usr/libexec/docker/docker-init",
  "/usr/bin/tini-static",
  "/sbin/tini-static",
];

const INSIDE = "/sbin/ocicat-init";

/** Throws "not-found" where the host has none. */
export function findInit(): string {
  const found = KNOWN_PROGRAMS.find((path) => stat(path) !== undefined);
  if (found === undefined) {
    throw new OcicatError("not-found", {
      operation: "use",
      subject: "--init",
      reason: "the host has neither catatonit nor docker-init nor tini-static",
      hint: "install one of them, or name another static one: --init-path FILE",
    });
  }
  return found;
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
