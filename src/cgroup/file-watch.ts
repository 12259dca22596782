// Waiting for a change of a cgroup v2 file that tells of it (cgroup.events, memory.events), by
// inotify(7).

import { POLLIN } from "../abi/process.ts";
import { quote } from "../error/ocicat-error.ts";
import { call, checked } from "../sys/call.ts";
import { OwnedFd, tryRead } from "../sys/file.ts";
import { bytes, cstring } from "../sys/memory.ts";
import { poll } from "../sys/poll.ts";

const IN_MODIFY = 2;
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;
const EVENTS_BYTES = 4096;

/** A descriptor that becomes readable when one of the files changes. */
export function openWatch(paths: readonly string[]): number {
  const flags = IN_NONBLOCK | IN_CLOEXEC;
  using watch = new OwnedFd(checked(call("inotify_init1", flags), "make", "an inotify descriptor"));
  for (const path of paths) {
    const result = call("inotify_add_watch", watch.number, cstring(path), IN_MODIFY);
    checked(result, "watch", quote(path));
  }
  return watch.release();
}

/** Takes the events of a watch; the files say what happened. */
export function drainWatch(watchFd: number): void {
  const buffer = bytes(EVENTS_BYTES);
  while (tryRead(watchFd, buffer) > 0) {
    // Only that something changed matters.
  }
}

/** Whether `isDone` came true within the time; it is asked first, and again at each change of the file. */
export function waitForChange(path: string, isDone: () => boolean, timeoutMs: number): boolean {
  if (isDone()) {
    return true;
  }
  const deadline = performance.now() + timeoutMs;
  using watch = new OwnedFd(openWatch([path]));
  while (!isDone()) {
    const remaining = deadline - performance.now();
    if (remaining <= 0) {
      return false;
    }
    poll([{ fd: watch.number, events: POLLIN }], remaining);
    drainWatch(watch.number);
  }
  return true;
}
