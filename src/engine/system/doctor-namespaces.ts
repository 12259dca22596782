// Whether namespaces can be made, and what can be done in them: tried, and where it fails the settings of
// the kernel that are known to forbid it are named.

import { FSCONFIG_CMD_CREATE, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC } from "../../abi/mount.ts";
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } from "../../abi/process.ts";
import { Errno } from "../../error/errno.ts";
import { type Check, note, ok, problem } from "../../host/doctor-check.ts";
import { readSetting } from "../../host/read-setting.ts";
import { cloneArguments } from "../../plan/clone.ts";
import { CLONE_FLAGS } from "../../plan/namespaces.ts";
import type { ProgramBuilder } from "../../program/builder.ts";
import { call } from "../../sys/call.ts";
import { attempt, enterNamespaces, type TrialFailure } from "./trial.ts";

export function checkNamespaces(): Check[] {
  const isRoot = call("geteuid") === 0;
  const user = checkUserNamespace(isRoot);
  // All the others of an ordinary user begin with one of these.
  return !isRoot && user.status === "problem"
    ? [user]
    : [user, checkOthers(isRoot), checkNewProcfs()];
}

function checkUserNamespace(isRoot: boolean): Check {
  const name = "user namespaces";
  const failure = attempt((program) =>
    isRoot ? program.call("unshare", [CLONE_NEWUSER]) : enterNamespaces(program, 0),
  );
  if (failure === undefined) {
    return ok(name, isRoot ? "can be made" : "can be made, with the user as root");
  }
  const { found, fix } = userNamespaceObstacle(failure, readSetting);
  return isRoot
    ? note(name, `${found}: containers with one cannot be made`, fix)
    : problem(name, found, fix);
}

interface Obstacle {
  readonly found: string;
  readonly fix: string;
}

/** Known switches, the file that tells and the value that forbids. */
const SWITCHES = [
  {
    path: "kernel/unprivileged_userns_clone",
    forbids: (value: string) => value === "0",
    fix: "as root: sysctl -w kernel.unprivileged_userns_clone=1, and the same in /etc/sysctl.d",
  },
  {
    path: "user/max_user_namespaces",
    forbids: (value: string) => value === "0",
    fix: "as root: sysctl -w user.max_user_namespaces=15000, and the same in /etc/sysctl.d",
  },
  {
    path: "kernel/apparmor_restrict_unprivileged_userns",
    forbids: (value: string) => value === "1",
    fix: "an AppArmor profile for ocicat that has `userns,` (as root, for all programs: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0)",
  },
] as const;

/** `read` gives the content of a file, for tests. */
export function userNamespaceObstacle(
  failure: TrialFailure,
  read: (path: string) => string | undefined,
): Obstacle {
  const known = SWITCHES.find(({ path, forbids }) => {
    const value = read(`/proc/sys/${path}`);
    return value !== undefined && forbids(value);
  });
  if (known !== undefined) {
    const value = read(`/proc/sys/${known.path}`);
    return {
      found: `${known.path.replace("/", ".")} is ${value} (${failure.text})`,
      fix: known.fix,
    };
  }
  if (failure.errno === Errno.ENOSPC) {
    const fix = "raise user.max_user_namespaces, or nest less deeply (32 levels at most)";
    return { found: `there are too many (${failure.text})`, fix };
  }
  return failure.errno === Errno.EINVAL
    ? { found: failure.text, fix: "use a kernel with CONFIG_USER_NS" }
    : {
        found: failure.text,
        fix: "a seccomp filter or security module around this process forbids them: in a container, loosen its profile",
      };
}

/** Containers do without these where they must. */
const OPTIONAL = ["cgroup", "time"];

function checkOthers(isRoot: boolean): Check {
  const name = "namespaces";
  const types = Object.entries(CLONE_FLAGS).filter(([type]) => type !== "user");
  const trials = types.map(([type, flag]) => ({
    type,
    failure: attempt((program) => enterNamespaces(program, flag)),
  }));
  const failed = trials.filter(({ failure }) => failure !== undefined);
  if (failed.length === 0) {
    return ok(name, `${types.map(([type]) => type).join(", ")} can be made`);
  }
  const found = failed.map(({ type, failure }) => `${type}: ${failure?.text}`).join("; ");
  const fix = isRoot
    ? "use a kernel with these namespaces; in a container, give it CAP_SYS_ADMIN and a seccomp profile that allows unshare"
    : "use a kernel with these namespaces; raise the limits in /proc/sys/user";
  return failed.every(({ type }) => OPTIONAL.includes(type))
    ? note(name, found, fix)
    : problem(name, found, fix);
}

/** The kernel refuses a new procfs to whoever sees only a masked one. */
function checkNewProcfs(): Check {
  const name = "a new /proc";
  const failure = attempt((program) => {
    enterNamespaces(program, CLONE_NEWPID | CLONE_NEWNS);
    inChild(program, () => {
      const type = program.text("proc");
      const fs = program.call("fsopen", [type, FSOPEN_CLOEXEC], { result: "fs" });
      program.call("fsconfig", [fs, FSCONFIG_CMD_CREATE, 0, 0, 0]);
      program.call("fsmount", [fs, FSMOUNT_CLOEXEC, 0]);
    });
  });
  return failure === undefined
    ? ok(name, "can be mounted in a pid namespace")
    : problem(
        name,
        failure.text,
        "this is a container with a masked /proc: give it an unmasked one (docker: --security-opt systempaths=unconfined, podman: --security-opt unmask=ALL)",
      );
}

/** A pid namespace that unshare made holds children alone. */
function inChild(program: ProgramBuilder, build: () => void): void {
  const parent = program.label();
  const child = program.fork(cloneArguments(program, {}), "child", parent);
  build();
  program.control("exit", [0]);
  program.endFork(parent);
  program.call("wait4", [child, 0, 0, 0]);
}
