// What a container is, from what its init is: nothing is remembered that could be wrong after a crash.

import { isFrozen } from "../cgroup/freeze.ts";
import type { State } from "../oci/state.ts";
import type { OwnedFd } from "../sys/file.ts";
import { isAlive, openLiveProcess } from "../sys/process.ts";
import type { ContainerState, StateDirectory } from "./state-directory.ts";

export type Status = "creating" | "created" | "running" | "paused" | "stopped";

/** Whether the process with the container's pid is still its init, and not a zombie. */
export function initIsAlive(state: ContainerState): boolean {
  return isAlive(state);
}

export function statusOf(directory: StateDirectory, state: ContainerState): Status {
  if (!initIsAlive(state)) {
    return "stopped";
  }
  if (state.phase === "creating") {
    return "creating";
  }
  if (isFrozen(state.cgroup)) {
    return "paused";
  }
  return directory.initHoldsLock() ? "created" : "running";
}

/**
 * A pidfd of init, or undefined when it has ended. The identity is checked after the descriptor is
 * open: from then on it cannot become another process.
 */
export function openInit(state: ContainerState): OwnedFd | undefined {
  return openLiveProcess(state);
}

/** The document that hooks read and `state` prints. */
export function ociState(state: ContainerState, status: State["status"]): State {
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    status,
    ...(status === "stopped" ? {} : { pid: state.pid }),
    bundle: state.bundle,
    ...(Object.keys(state.annotations).length === 0 ? {} : { annotations: state.annotations }),
  };
}
