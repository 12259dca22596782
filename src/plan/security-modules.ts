// What the configuration asks of AppArmor and SELinux is refused where the kernel does not have them: a
// container must not run unconfined because of a silent omission.

import { OcicatError } from "../error/ocicat-error.ts";

export function requireSecurityModule(isThere: boolean, name: string, path: string): void {
  if (!isThere) {
    throw new OcicatError("unsupported", {
      operation: "apply",
      subject: path,
      reason: `${name} is not enabled in this kernel`,
    });
  }
}
