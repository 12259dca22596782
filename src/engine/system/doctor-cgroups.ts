// What `ocicat doctor` says about cgroups: which trees there are, which controllers, and what of them an
// ordinary user has been given.

import { AT_FDCWD } from "../../abi/file.ts";
import { type Delegation, readDelegation } from "../../cgroup/delegate.ts";
import { detectCgroupHost } from "../../cgroup/detect.ts";
import { systemdOfUser } from "../../cgroup/holder-scope.ts";
import { hostControllers } from "../../cgroup/host-controllers.ts";
import { isSystemdRunning } from "../../cgroup/systemd.ts";
import type { CgroupHost } from "../../cgroup/types.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { type Check, note, ok, problem } from "../../host/doctor-check.ts";
import { call } from "../../sys/call.ts";
import { cstring } from "../../sys/memory.ts";

const NAME = "cgroups";
/** What `ocicat run` has flags for. */
const WANTED = ["cpu", "memory", "pids"];
const W_OK = 2;

export function checkCgroups(): Check[] {
  const isRoot = call("geteuid") === 0;
  try {
    const host = detectCgroupHost();
    const manager = isSystemdRunning() ? "systemd runs" : "no systemd";
    const found = `${host.layout}: ${hostControllers(host).join(" ")}; ${manager}`;
    return isRoot
      ? [checkRoot(host, found)]
      : [ok(NAME, found), judgeDelegation(readDelegation(), canAskSystemd())];
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    const judge = isRoot ? problem : note;
    return [judge(NAME, error.reason, error.hint)];
  }
}

function checkRoot(host: CgroupHost, found: string): Check {
  const trees = [...host.hierarchies, ...(host.unified === undefined ? [] : [host.unified])];
  const closed = trees.filter(({ mountPoint }) => !isWritable(mountPoint));
  if (closed.length > 0) {
    const paths = closed.map(({ mountPoint }) => mountPoint).join(", ");
    return problem(
      NAME,
      `nothing can be made in ${paths}`,
      "this is a container with read-only cgroups: give it writable ones (docker: --privileged --cgroupns=private)",
    );
  }
  const missing = WANTED.filter((name) => !hostControllers(host).includes(name));
  return missing.length === 0
    ? ok(NAME, found)
    : note(
        NAME,
        `${found}; without ${missing.join(", ")}: their limits are refused`,
        "a kernel with these controllers, switched on at boot (cgroup_enable=memory)",
      );
}

/** Not by permission bits alone: a read-only mount is not writable for root either. */
function isWritable(path: string): boolean {
  return call("faccessat2", AT_FDCWD, cstring(path), W_OK, 0) === 0;
}

function canAskSystemd(): boolean {
  using systemd = isSystemdRunning() ? systemdOfUser() : undefined;
  return systemd !== undefined;
}

/** Of an ordinary user; `lendsCgroups`: the user has a systemd, which is asked for what a session lacks. */
export function judgeDelegation(delegation: Delegation | undefined, lendsCgroups: boolean): Check {
  const name = "cgroup delegation";
  const without = "containers run without limits";
  if (delegation === undefined) {
    const fix =
      "boot with cgroup v2: systemd.unified_cgroup_hierarchy=1 on the kernel's command line";
    return note(name, `cgroup v1 has none for users: ${without}`, fix);
  }
  const { directory, writable, controllers } = delegation;
  if (!writable && lendsCgroups) {
    return ok(name, "the user's systemd makes a scope for each container");
  }
  if (!writable) {
    const fix = "log in through systemd (dbus-user-session has to be installed)";
    return note(name, `${directory} is not the user's: ${without}`, fix);
  }
  const missing = WANTED.filter((each) => !controllers.includes(each));
  return missing.length === 0
    ? ok(name, `${directory}: ${controllers.join(" ")}`)
    : note(
        name,
        `${directory} has no ${missing.join(", ")}`,
        "as root, in /etc/systemd/system/user@.service.d/delegate.conf: [Service] and Delegate=cpu cpuset io memory pids; then log in again",
      );
}
