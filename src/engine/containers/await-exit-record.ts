// The moment between the end of a container's process and its exit record: what its holder writes at once is
// worth waiting for, rather than to tell that nobody knows.

import { POLLIN } from "../../abi/process.ts";
import { type ExitRecord, readExitRecord } from "../../holder/exit-record.ts";
import { FolderWatch } from "../../sys/inotify.ts";
import { poll } from "../../sys/poll.ts";
import type { ContainerFolder } from "./container-folder.ts";
import type { StartRecord } from "./container-record.ts";
import { openLiveHolder } from "./holder-process.ts";

/** More than a holder takes that has to ask the kernel; a disk that is full may take longer. */
const PATIENCE_MS = 4000;

/** Undefined: there is no holder that would write it, or it cannot. */
export function awaitExitRecord(
  folder: ContainerFolder,
  started: StartRecord,
): ExitRecord | undefined {
  using holder = openLiveHolder(started);
  // The holder has become this program: it has done what it could.
  if (holder === undefined || started.holderPid === process.pid) {
    return readExitRecord(folder.fd);
  }
  using watch = new FolderWatch(folder.path);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const record = readExitRecord(folder.fd);
    const leftMs = deadline - performance.now();
    if (record !== undefined || leftMs <= 0) {
      return record;
    }
    const awaited = [watch.fd, holder.number].map((fd) => ({ fd, events: POLLIN }));
    const [, ended = 0] = poll(awaited, leftMs);
    if (ended !== 0) {
      return readExitRecord(folder.fd);
    }
    watch.drain();
  }
}
