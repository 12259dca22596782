// Whether a container that has ended is to be started again, by what stands in its folder.

import { isStopped, isToRestart, readStartRecord } from "./container-record.ts";
import type { ContainerStatus } from "./container-status.ts";
import { openLiveHolder } from "./holder-process.ts";
import { ALWAYS_RESTART, NO_RESTART, restartDelayMs } from "./restart-policy.ts";
import { isGoingDown } from "./restart-record.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Milliseconds to wait before; undefined: it is not. */
export function dueRestartMs(
  { record, folder, surroundings }: StoredContainer,
  status: ContainerStatus,
): number | undefined {
  if ((status.kind !== "exited" && status.kind !== "lost") || isGoingDown(surroundings.stateRoot)) {
    return undefined;
  }
  const isKnown = status.kind === "exited";
  const { restart = NO_RESTART } = record.options;
  return restartDelayMs(isToRestart(folder.fd) ? ALWAYS_RESTART : restart, {
    code: isKnown ? status.code : undefined,
    ranMs: isKnown ? status.finishedMs - status.startedMs : 0,
    restarts: readStartRecord(folder.fd)?.restarts ?? 0,
    isStopped: isStopped(folder.fd),
  });
}

/** What its holder has executed is about to say that it waits. */
export function isAboutToRestart(container: StoredContainer, status: ContainerStatus): boolean {
  const started = readStartRecord(container.folder.fd);
  using holder = started === undefined ? undefined : openLiveHolder(started);
  return holder !== undefined && dueRestartMs(container, status) !== undefined;
}
