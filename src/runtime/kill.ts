// kill: a signal to the container's init, or to all of its processes.

import { SIGKILL } from "../abi/process.ts";
import { isFrozen, thaw } from "../cgroup/freeze.ts";
import { killAll } from "../cgroup/kill.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { checked } from "../sys/call.ts";
import { trySignalPidfd } from "../sys/process.ts";
import type { ContainerAddress } from "./delete.ts";
import { type ContainerState, StateDirectory } from "./state-directory.ts";
import { openInit, statusOf } from "./status.ts";

export interface KillOptions extends ContainerAddress {
  /** Its number. */
  readonly signal: number;
  /** To every process of the container. */
  readonly all?: boolean;
}

export function kill(options: KillOptions): void {
  using directory = StateDirectory.openUnlocked(options.stateRoot, options.id);
  const state = directory.readState();
  if (options.all === true) {
    killAll(state.cgroup, options.signal);
    return;
  }
  const isStopped = statusOf(directory, state) === "stopped";
  if (isStopped) {
    throw notRunning(options.id);
  }
  signalInit(state, options);
}

function signalInit(state: ContainerState, { id, signal }: KillOptions): void {
  using init = openInit(state);
  if (init === undefined) {
    throw notRunning(id);
  }
  const result = trySignalPidfd(init.number, signal);
  if (result === -Errno.ESRCH) {
    throw notRunning(id);
  }
  checked(result, "signal", `container ${quote(id)}`);
  if (signal === SIGKILL) {
    endTheRest(state);
  }
}

/**
 * A frozen process does not die before it is thawed; and without a pid namespace the others do not die
 * with init.
 */
function endTheRest(state: ContainerState): void {
  const CLONE_NEWPID = 0x2000_0000;
  if ((state.namespaces & CLONE_NEWPID) === 0 && state.ownsCgroup) {
    killAll(state.cgroup, SIGKILL);
  } else if (isFrozen(state.cgroup)) {
    thaw(state.cgroup);
  }
}

function notRunning(id: string): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "kill",
    subject: `container ${quote(id)}`,
    reason: "container not running",
  });
}
