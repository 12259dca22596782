// Removing a container's cgroup, with those that the container made below it.

import { AT_FDCWD } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote, systemError } from "../error/ocicat-error.ts";
import { statAt, tryRmdirAt } from "../sys/file.ts";
import { pause } from "../sys/pause.ts";
import { directoriesOf, pidsBelow, subdirectoriesOf } from "./members.ts";
import type { ContainerCgroup } from "./types.ts";

const TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 0.25;
const LONGEST_PAUSE_MS = 50;

/**
 * Removes all directories; one that is gone already is as good. Dying processes keep a cgroup busy for
 * a moment: they are waited for, at most `timeoutMs`, and named when they stay.
 */
export function removeCgroup(cgroup: ContainerCgroup, timeoutMs = TIMEOUT_MS): void {
  let remaining = directoriesOf(cgroup).filter(isStillThere);
  const deadline = performance.now() + timeoutMs;
  let rest = FIRST_PAUSE_MS;
  while (remaining.length > 0) {
    if (performance.now() > deadline) {
      throw busy(remaining[0] ?? "");
    }
    pause(rest);
    rest = Math.min(rest * 2, LONGEST_PAUSE_MS);
    remaining = remaining.filter(isStillThere);
  }
}

/** Tries to remove a directory; whether it is there afterwards, because it is busy. */
function isStillThere(directory: string): boolean {
  let errno = -tryRmdirAt(AT_FDCWD, directory);
  if (errno === Errno.EBUSY || errno === Errno.ENOTEMPTY) {
    const names = subdirectoriesOf(directory);
    const below = names.filter((name) => isStillThere(`${directory}/${name}`));
    if (below.length > 0 || names.length === 0) {
      return true;
    }
    errno = -tryRmdirAt(AT_FDCWD, directory);
  }
  if (errno === 0 || errno === Errno.ENOENT) {
    return false;
  }
  if (errno === Errno.EBUSY || errno === Errno.ENOTEMPTY) {
    return true;
  }
  // A read-only cgroup file system says so also for directories that are not there.
  if (statAt(AT_FDCWD, directory) === undefined) {
    return false;
  }
  throw systemError(errno, "remove the cgroup", quote(directory));
}

function busy(directory: string) {
  const pids = pidsBelow(directory);
  const who = pids.length === 0 ? "it stays busy" : `processes ${pids.join(", ")} stay in it`;
  return systemError(Errno.EBUSY, "remove the cgroup", quote(directory), { reason: who });
}
