// A scope of the holder's own. systemd ends what is left in a unit's cgroup when the unit stops: a holder
// that stayed where it was started would go with the service, or with the session, that called
// `ocicat run -d`.

import { OcicatError } from "../error/ocicat-error.ts";
import { call } from "../sys/call.ts";
import { readMembership } from "./membership.ts";
import { connectToSystemd, isSystemdRunning, type Systemd, type UnitProperty } from "./systemd.ts";
import { flagProperty, longProperty, textProperty } from "./unit-property.ts";

/** systemd's own cgroup, and the root: nobody ends what is there. */
const NO_UNITS = ["/", "/init.scope"];
/** Of a command's own scope (user-scope.ts): where it is itself. */
export const OWN_SUBGROUP = "holder";
const HOLDER_UNIT = "ocicat-holder-";
const STOP_US = 10_000_000;

/** `id`: of what is held. `pid` makes it another one than that of a run before, which may not be gone yet. */
export function holderUnit(id: string, pid: number): string {
  return `${HOLDER_UNIT}${id}-${pid}.scope`;
}

/** `path`: of a cgroup that a command has entered (user-scope.ts). */
export function isOwnSubgroup(path: string, id = ""): boolean {
  return path.includes(`/${HOLDER_UNIT}${id}`) && path.endsWith(`.scope/${OWN_SUBGROUP}`);
}

/**
 * Does nothing where no systemd would end the holder, nor for an ordinary user without a session, who has no
 * systemd to ask. Throws OcicatError when systemd refuses.
 */
export function giveHolderItsScope(holderPid: number, containerId: string): void {
  if (!isSystemdRunning() || !isInUnit()) {
    return;
  }
  using systemd = call("geteuid") === 0 ? connectToSystemd(false) : systemdOfUser();
  systemd?.startUnit(holderUnit(containerId, holderPid), [
    textProperty("Description", `ocicat's holder of container ${containerId}`),
    ["PIDs", { signature: "au", value: [holderPid] }],
    ...untilItIsEmpty(),
  ]);
}

/**
 * It ends when its container does, and goes without a trace. Should systemd end it, with a user's log-out for
 * example, that takes no longer than `ocicat stop`: a container's first process need not heed SIGTERM.
 */
export function untilItIsEmpty(): readonly UnitProperty[] {
  return [
    flagProperty("DefaultDependencies", false),
    textProperty("CollectMode", "inactive-or-failed"),
    longProperty("TimeoutStopUSec", STOP_US),
  ];
}

export function systemdOfUser(): Systemd | undefined {
  try {
    return connectToSystemd(true);
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}

function isInUnit(): boolean {
  const membership = readMembership("self");
  const path = membership?.get("name=systemd") ?? membership?.get("");
  return path !== undefined && !NO_UNITS.includes(path) && !isOwnSubgroup(path);
}
