// The root file system of a container that runs, as its processes see it, mounts and all. It is reached
// through the process: /proc/PID/root. What is opened beneath it has to be opened with RESOLVE_IN_ROOT,
// as the container may put a link anywhere.

import { AT_FDCWD, O_PATH } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { quote } from "../../error/ocicat-error.ts";
import { checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, tryOpenAt } from "../../sys/file.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Undefined: it does not run. The descriptor is of O_PATH. */
export function tryOpenContainerRoot(container: StoredContainer): OwnedFd | undefined {
  const pid = livePid(container);
  if (pid === undefined) {
    return undefined;
  }
  const path = `/proc/${pid}/root`;
  const opened = tryOpenAt(AT_FDCWD, path, O_PATH | hostArchitecture.openFlags.O_DIRECTORY);
  using root = new OwnedFd(opened);
  // A process that ends has given up its root before it is dead. And only if it still runs the pid was the
  // container's when its root was opened.
  if (opened === -Errno.ENOENT || opened === -Errno.ESRCH || livePid(container) !== pid) {
    return undefined;
  }
  checked(opened, "open", quote(path));
  return new OwnedFd(root.release());
}

/** A path that leads there as long as the descriptor is open. */
export function pathOfFd(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function livePid(container: StoredContainer): number | undefined {
  const status = container.status();
  return status.kind === "running" || status.kind === "paused" ? status.pid : undefined;
}
