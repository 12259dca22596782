// Where the running state of containers lives when the user does not say.

import { OcicatError } from "../error/ocicat-error.ts";
import { isOwnFolder } from "../host/own-folder.ts";
import { isInitialUserNamespace } from "../host/user-namespace.ts";

export interface StateEnvironment {
  readonly effectiveUid: number;
  readonly XDG_RUNTIME_DIR?: string | undefined;
  /** Of whoever is root of a user namespace. Podman hands none on. */
  readonly USER?: string | undefined;
}

/** "/run/ocicat" for root; for others a folder that the system removes when they log out. */
export function defaultStateRoot(environment: StateEnvironment): string {
  const { effectiveUid, XDG_RUNTIME_DIR } = environment;
  const isNamed = XDG_RUNTIME_DIR?.startsWith("/") === true;
  const isUsers = isNamed && (effectiveUid !== 0 || isUsersNamespace(environment));
  if (isUsers && isOwnFolder(XDG_RUNTIME_DIR, effectiveUid)) {
    return `${XDG_RUNTIME_DIR}/ocicat`;
  }
  if (effectiveUid === 0) {
    return "/run/ocicat";
  }
  const folder = `/run/user/${effectiveUid}`;
  throw new OcicatError("invalid-argument", {
    operation: "find",
    subject: "the folder for running containers",
    reason: "XDG_RUNTIME_DIR is not set, or another user's",
    hint: `set it to ${folder} (a log-in session does), or give a folder with --root`,
  });
}

/** As runc tells it: root here is an ordinary user of the host, whose /run it may not write to. */
function isUsersNamespace({ USER }: StateEnvironment): boolean {
  return USER !== "root" && !isInitialUserNamespace();
}
