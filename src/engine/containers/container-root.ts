// The root file system of a container that runs, as its processes see it, mounts and all. It is reached
// through the process: /proc/PID/root. What is opened beneath it has to be opened with RESOLVE_IN_ROOT,
// as the container may put a link anywhere.

import { O_PATH } from "../../abi/file.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Undefined: it does not run. The descriptor is of O_PATH. */
export function tryOpenContainerRoot(container: StoredContainer): OwnedFd | undefined {
  const pid = livePid(container);
  if (pid === undefined) {
    return undefined;
  }
  using root = new OwnedFd(
    open(`/proc/${pid}/root`, O_PATH | hostArchitecture.openFlags.O_DIRECTORY),
  );
  // Only if it still runs the pid was the container's when its root was opened.
  return livePid(container) === pid ? new OwnedFd(root.release()) : undefined;
}

/** A path that leads there as long as the descriptor is open. */
export function pathOfFd(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function livePid(container: StoredContainer): number | undefined {
  const status = container.status();
  return status.kind === "running" || status.kind === "paused" ? status.pid : undefined;
}
