// A scope of the user's own systemd for a command of an ordinary user that starts something.
//
//   ocicat-holder-ID-PID.scope/holder   the command, and the holder that it leaves behind
//   ocicat-holder-ID-PID.scope/...      cgroups of containers, with the limits that are delegated to the user
//
// A session's cgroup is root's: no cgroup could be made beside it, and with `KillUserProcesses=yes` all that
// is in it ends at the log-out. The scope lies below user@UID.service, which lingering users keep; it is
// delegated, so that systemd undoes nothing there; and it goes when nothing is left in it.

import { AT_FDCWD } from "../abi/file.ts";
import { OcicatError, systemError } from "../error/ocicat-error.ts";
import { call } from "../sys/call.ts";
import { tryMkdirAt } from "../sys/file.ts";
import { writeControl } from "./control-file.ts";
import { readDelegation } from "./delegate.ts";
import { detectCgroupHost } from "./detect.ts";
import {
  holderUnit,
  isOwnSubgroup,
  OWN_SUBGROUP,
  systemdOfUser,
  untilItIsEmpty,
} from "./holder-scope.ts";
import { readMembership, unifiedDirectoryOf } from "./membership.ts";
import { isSystemdRunning } from "./systemd.ts";
import { flagProperty, textProperty } from "./unit-property.ts";

const MODE = 0o755;

/**
 * Moves this process, which must be a command's alone, into the scope that is named after `id`; returns whether it
 * did. Not on cgroup v1, which cannot be delegated, and not for a user without a systemd to ask. Throws
 * OcicatError when systemd refuses.
 */
export function enterUserScope(id: string): boolean {
  if (!isSystemdRunning() || detectCgroupHost().layout !== "v2" || isInScopeOf(id)) {
    return false;
  }
  using systemd = systemdOfUser();
  if (systemd === undefined) {
    return false;
  }
  const pid = call("getpid");
  systemd.startUnit(holderUnit(id, pid), [
    textProperty("Description", `ocicat's holder and containers: ${id}`),
    ["PIDs", { signature: "au", value: [pid] }],
    flagProperty("Delegate", true),
    ...untilItIsEmpty(),
  ]);
  moveDown();
  return true;
}

/** Whether this process may make cgroups, and enter those of the user's containers. */
export function isDelegated(): boolean {
  return readDelegation()?.writable === true;
}

/** Its holder, which starts it again, is there already. */
function isInScopeOf(id: string): boolean {
  return isOwnSubgroup(readMembership("self")?.get("") ?? "", id);
}

/** A cgroup with processes of its own cannot give controllers to those below it. */
function moveDown(): void {
  const membership = readMembership("self");
  const scope =
    membership === undefined ? undefined : unifiedDirectoryOf(membership, detectCgroupHost());
  if (scope === undefined) {
    throw new OcicatError("unavailable", {
      operation: "enter",
      subject: "a scope of the user's systemd",
      reason: "its cgroup cannot be seen from here",
    });
  }
  const own = `${scope}/${OWN_SUBGROUP}`;
  const result = tryMkdirAt(AT_FDCWD, own, MODE);
  if (result < 0) {
    throw systemError(-result, "make the cgroup", own);
  }
  writeControl(own, "cgroup.procs", "0");
}
