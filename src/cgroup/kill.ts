// Signalling every process of a container, also those that init does not know.

import { SIGKILL } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { quote, systemError } from "../error/ocicat-error.ts";
import { call } from "../sys/call.ts";
import { tryWriteControl } from "./control-file.ts";
import { freeze, isFrozen, thaw } from "./freeze.ts";
import { pidsOf } from "./members.ts";
import type { ContainerCgroup } from "./types.ts";

/** Passes over the processes where nothing keeps them from making new ones meanwhile. */
const MOST_PASSES = 8;

/**
 * Sends `signal` to all; false where there is no cgroup to find them by. SIGKILL also thaws a frozen
 * container, for on v1 a frozen process does not die.
 */
export function killAll(cgroup: ContainerCgroup, signal: number): boolean {
  if (cgroup.tree === "none") {
    return false;
  }
  if (signal === SIGKILL) {
    killForGood(cgroup);
    return true;
  }
  const wasFrozen = isFrozen(cgroup);
  tryFreeze(cgroup);
  signalEach(pidsOf(cgroup), signal);
  if (!wasFrozen) {
    tryThaw(cgroup);
  }
  return true;
}

function killForGood(cgroup: ContainerCgroup): void {
  if (killByKernel(cgroup)) {
    tryThaw(cgroup);
    return;
  }
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const isStill = tryFreeze(cgroup);
    signalEach(pidsOf(cgroup), SIGKILL);
    tryThaw(cgroup);
    if (isStill || pidsOf(cgroup).length === 0) {
      return;
    }
  }
}

/** cgroup.kill, which no fork escapes: Linux 5.14, v2 trees. False where there is none. */
function killByKernel(cgroup: ContainerCgroup): boolean {
  const path = cgroup.tree === "v2" ? cgroup.path : undefined;
  if (path === undefined) {
    return false;
  }
  const result = tryWriteControl(path, "cgroup.kill", "1");
  if (result < 0 && result !== -Errno.ENOENT && result !== -Errno.EOPNOTSUPP) {
    throw systemError(-result, "kill the processes in", quote(path));
  }
  return result === 0;
}

function signalEach(pids: readonly number[], signal: number): void {
  const self = call("getpid");
  for (const pid of pids) {
    if (pid > 0 && pid !== self) {
      const result = call("kill", pid, signal);
      if (result < 0 && result !== -Errno.ESRCH) {
        throw systemError(-result, "signal", `process ${pid}`);
      }
    }
  }
}

/** Whether all stand still. Signals reach their targets without it too. */
function tryFreeze(cgroup: ContainerCgroup): boolean {
  return attempt(() => freeze(cgroup));
}

function tryThaw(cgroup: ContainerCgroup): void {
  attempt(() => thaw(cgroup));
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
