// Which profile of AppArmor a container's processes get, where the kernel has AppArmor switched on.

import { readSetting } from "../host/read-setting.ts";
import { stat } from "../sys/file.ts";
import type { RunSecurity } from "./security.ts";

interface Request {
  readonly security: RunSecurity;
  readonly isRootless: boolean;
  readonly onWarning?: ((text: string) => void) | undefined;
}

/**
 * The name of a profile that is loaded, or that the user asks for. Undefined: none, as for a privileged
 * container. Ordinary users may not load profiles: their containers have the one that they ask for, or none.
 */
export async function appArmorProfile({
  security,
  isRootless,
  onWarning,
}: Request): Promise<string | undefined> {
  const { apparmor, privileged } = security;
  if (apparmor !== undefined) {
    return apparmor === "unconfined" ? undefined : apparmor;
  }
  if (privileged === true || isRootless || !isAppArmorOn()) {
    return undefined;
  }
  const { loadDefaultProfile } = await import("./apparmor-default.ts");
  return loadDefaultProfile(onWarning);
}

/** What confines a process, as its kernel says: "ocicat-default-1". Empty: nothing, or the process is gone. */
export function confinementOf(pid: number): string {
  const current = isAppArmorOn() ? readSetting(`/proc/${pid}/attr/apparmor/current`) : undefined;
  const [profile = ""] = (current ?? "").split(" (");
  return profile === "unconfined" ? "" : profile;
}

/** A container of others shows that the kernel has it, but not securityfs, through which it is ruled. */
export function isAppArmorOn(): boolean {
  return (
    readSetting("/sys/module/apparmor/parameters/enabled") === "Y" &&
    stat("/sys/kernel/security/apparmor") !== undefined
  );
}
