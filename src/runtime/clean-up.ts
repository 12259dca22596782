// Removing what a container has: after a failed create, and by delete. Every step is tried, whatever
// became of the one before; what fails is attached to the first error and never replaces it.

import { POLLIN, SIGKILL } from "../abi/process.ts";
import { killAll } from "../cgroup/kill.ts";
import { pidsOf } from "../cgroup/members.ts";
import { removeCgroup } from "../cgroup/remove.ts";
import { stopScope } from "../cgroup/scope.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Hook } from "../oci/hooks.ts";
import { poll } from "../sys/poll.ts";
import { trySignalPidfd } from "../sys/process.ts";
import { runHooksToTheEnd } from "./hooks.ts";
import { removeHostMounts } from "./host-mounts.ts";
import { removeResctrl } from "./intel-rdt.ts";
import type { ContainerState, StateDirectory } from "./state-directory.ts";
import { ociState, openInit } from "./status.ts";

const KILL_TIMEOUT_MS = 10_000;

/** Kills init, and with it, where it has a pid namespace, everything in the container. */
export function killInit(state: ContainerState): void {
  using init = openInit(state);
  if (init === undefined) {
    return;
  }
  trySignalPidfd(init.number, SIGKILL);
  poll([{ fd: init.number, events: POLLIN }], KILL_TIMEOUT_MS);
}

/** Processes, cgroup, state: in this order, so that a crash in between leaves the state to find the rest by. */
export function removeContainer(directory: StateDirectory, state: ContainerState): unknown[] {
  const failures: unknown[] = [];
  const step = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      failures.push(error);
    }
  };
  // By the cgroup first, which also thaws it: a frozen init would not die. A cgroup that another
  // container turned out to use is left alone.
  if (state.ownsCgroup && pidsOf(state.cgroup).length > 0) {
    step(() => killAll(state.cgroup, SIGKILL));
  }
  step(() => killInit(state));
  step(() => removeHostMounts(state));
  step(() => stopScope(state.cgroup));
  const { resctrl } = state;
  if (resctrl !== undefined) {
    step(() => removeResctrl(resctrl));
  }
  if (state.ownsCgroup || pidsOf(state.cgroup).length === 0) {
    step(() => removeCgroup(state.cgroup));
  }
  if (failures.length === 0) {
    step(() => directory.remove());
  }
  return failures;
}

/**
 * After a failed create: `error` learns what could not be removed. The specification has the poststop
 * hooks called too, once there was a container.
 */
export function removeEverything(
  directory: StateDirectory,
  error: unknown,
  poststop: readonly Hook[],
): void {
  let failures: unknown[];
  try {
    const state = directory.readStateIfExists();
    failures = state === undefined ? [] : removeContainer(directory, state);
    if (state !== undefined && state.pid > 0) {
      failures.push(...runHooksToTheEnd("poststop", poststop, ociState(state, "stopped")));
    }
    if (state === undefined) {
      directory.remove();
    }
  } catch (failure) {
    failures = [failure];
  }
  if (error instanceof OcicatError) {
    error.cleanupFailures.push(...failures);
  }
}
