// A container whose holder was killed goes on: whoever looks at it next gives it another one. The new
// holder opens the FIFOs that the container writes to (src/runtime/adopt.ts), and clients find it where
// the one before was.
//
// A terminal hung up when its holder died, and nobody can reach the container any more: it is killed, so
// that its end is recorded as any other.

import { POLLIN, SIGKILL } from "../../abi/process.ts";
import { type AdoptOptions, adopt, executeLastDuty } from "../../runtime/adopt.ts";
import { kill } from "../../runtime/kill.ts";
import { checked } from "../../sys/call.ts";
import { OwnedFd } from "../../sys/file.ts";
import { readProcessStat, tryOpenPidfd, waitForPid } from "../../sys/process.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ContainerFolder } from "./container-folder.ts";
import {
  type ContainerRecord,
  readContainerRecord,
  readStartRecord,
  type StartRecord,
  writeStartRecord,
} from "./container-record.ts";
import { isOrphaned } from "./container-status.ts";
import { mendLog } from "./mend-log.ts";
import { holderDuties, LOG_NAME, listenForClients } from "./start-container.ts";

export interface Adoption {
  readonly record: ContainerRecord;
  readonly folder: ContainerFolder;
  readonly surroundings: Surroundings;
}

/**
 * Whether it has a new holder, by this. Who is not the first finds that there is nothing to do.
 * `primaryFd`: a connected stream socket for a client that is attached from then on.
 */
export function adoptIfOrphaned(container: Adoption, primaryFd?: number): boolean {
  const { folder, surroundings } = container;
  if (!isOrphaned(folder, surroundings)) {
    return false;
  }
  // Nobody starts, settles or removes it meanwhile.
  using _lock = folder.lock();
  const started = readStartRecord(folder.fd);
  if (
    started === undefined ||
    readContainerRecord(folder.fd) === undefined ||
    !isOrphaned(folder, surroundings)
  ) {
    return false;
  }
  using holderLock = folder.tryLockForHolder();
  if (holderLock === undefined) {
    return false;
  }
  const lockFds = [holderLock.number];
  const fds = { lockFds, ...(primaryFd === undefined ? {} : { primaryFd }) };
  return startHolder(container, started, fds);
}

/** As adoptIfOrphaned; and true where another command was faster: `before` is what stood there. */
export function hasNewHolder(container: Adoption, before: StartRecord | undefined): boolean {
  if (adoptIfOrphaned(container)) {
    return true;
  }
  const now = readStartRecord(container.folder.fd);
  return (
    now !== undefined &&
    now.startedMs === before?.startedMs &&
    (now.killedHolders ?? 0) > (before.killedHolders ?? 0)
  );
}

/** It has ended, and who was to settle it, or to start it again, was killed. Returns the pid of who does it now. */
export function goOnAfterEnd({ record, folder, surroundings }: Adoption): number | undefined {
  const { onExit } = holderDuties({ folder }, record.options, surroundings);
  return onExit === undefined ? undefined : executeLastDuty(onExit);
}

/** As goOnAfterEnd, for one that nobody starts again: waits until it has been settled. */
export async function finishAfterEnd(container: Adoption): Promise<void> {
  const pid = goOnAfterEnd(container);
  if (pid !== undefined) {
    using process = new OwnedFd(checked(tryOpenPidfd(pid), "watch", "the container's last duty"));
    await pollInLoop([{ fd: process.number, events: POLLIN }]);
    waitForPid(pid);
  }
}

function startHolder(
  container: Adoption,
  started: StartRecord,
  fds: Pick<AdoptOptions, "lockFds" | "primaryFd">,
): boolean {
  const { record, folder, surroundings } = container;
  using listener = listenForClients(surroundings, record.id);
  const isAdopted = adopt({
    stateRoot: surroundings.containerStateRoot,
    id: record.id,
    listenerFd: listener.number,
    ...fds,
    ...holderDuties(container, record.options, surroundings),
    onHolder: (pid) => {
      mendLog(folder.fd, LOG_NAME);
      writeStartRecord(folder.fd, {
        ...started,
        holderPid: pid,
        holderStartTime: readProcessStat(pid)?.startTime ?? "",
        killedHolders: (started.killedHolders ?? 0) + 1,
      });
    },
  });
  if (isAdopted && record.options.terminal) {
    kill({ stateRoot: surroundings.containerStateRoot, id: record.id, signal: SIGKILL });
  }
  return isAdopted;
}
