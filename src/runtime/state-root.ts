// Where the running state of containers lives when the user does not say.

import { OcicatError } from "../error/ocicat-error.ts";

export interface StateEnvironment {
  readonly effectiveUid: number;
  readonly XDG_RUNTIME_DIR?: string | undefined;
}

/** "/run/ocicat" for root; for others a folder that the system removes when they log out. */
export function defaultStateRoot({ effectiveUid, XDG_RUNTIME_DIR }: StateEnvironment): string {
  if (XDG_RUNTIME_DIR?.startsWith("/") === true && effectiveUid !== 0) {
    return `${XDG_RUNTIME_DIR}/ocicat`;
  }
  if (effectiveUid === 0) {
    return "/run/ocicat";
  }
  const folder = `/run/user/${effectiveUid}`;
  throw new OcicatError("invalid-argument", {
    operation: "find",
    subject: "the folder for running containers",
    reason: "XDG_RUNTIME_DIR is not set",
    hint: `set it to ${folder} (a log-in session does), or give a folder with --root`,
  });
}
