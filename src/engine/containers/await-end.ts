// Waiting for the end of a container, and bringing it about. What is waited for is always the holder: by
// its end the exit record is written, the log complete and, where nobody was attached, the container
// settled.

import { POLLIN, SIGKILL } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { kill } from "../../runtime/kill.ts";
import { openInitOf } from "../../runtime/wait.ts";
import { OwnedFd } from "../../sys/file.ts";
import { poll } from "../../sys/poll.ts";
import { readProcessStat, tryOpenPidfd } from "../../sys/process.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { readStartRecord, type StartRecord } from "./container-record.ts";
import { holderIsAlive, livePid } from "./container-status.ts";
import type { StoredContainer } from "./stored-container.ts";

/** What a holder has left to do is little; it may have to wait for a full disk. */
const HOLDER_PATIENCE_MS = 15_000;
/** The kernel's name for a stage, which a holder was before. */
const HOLDER_NAME = "ocicat";

/** Whether it has ended within `timeoutMs`; without one there is no limit. */
export function awaitEnd(container: StoredContainer, timeoutMs?: number): boolean {
  using last = openHolder(container) ?? openOrphan(container);
  if (last === undefined) {
    return true;
  }
  const [events = 0] = poll([{ fd: last.number, events: POLLIN }], timeoutMs);
  return events !== 0;
}

/** The process of a container whose holder was killed. */
function openOrphan({ address }: StoredContainer): OwnedFd | undefined {
  try {
    return openInitOf(address);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

/** A pidfd; undefined: it has ended. */
export function openHolder(container: StoredContainer): OwnedFd | undefined {
  const found = readStartRecord(container.folder.fd);
  const started = found?.holderPid === 0 ? withHolder(found, container) : found;
  if (started === undefined) {
    return undefined;
  }
  const fd = tryOpenPidfd(started.holderPid);
  if (fd < 0) {
    return undefined;
  }
  using pidfd = new OwnedFd(fd);
  // Only now the pid can't become another process's.
  return holderIsAlive(started) ? new OwnedFd(pidfd.release()) : undefined;
}

/** The holder is the parent of the container's process: of one whose start was cut short, that is all there is. */
function withHolder(
  started: StartRecord,
  { folder, surroundings }: StoredContainer,
): StartRecord | undefined {
  const pid = livePid(surroundings, folder.id);
  const holderPid = pid === undefined ? undefined : readProcessStat(pid)?.parentPid;
  const stat = holderPid === undefined ? undefined : readProcessStat(holderPid);
  return holderPid === undefined || stat === undefined || !stat.name.includes(HOLDER_NAME)
    ? undefined
    : { ...started, holderPid, holderStartTime: stat.startTime };
}

export interface EndRequest {
  readonly signal: number;
  /** How long the process may take before it is killed. */
  readonly timeoutMs: number;
}

/** Ends a container that runs. False: it does not, and is left as it is. */
export function endContainer(
  container: StoredContainer,
  { signal, timeoutMs }: EndRequest,
): boolean {
  const { kind } = container.status();
  if (kind !== "running" && kind !== "paused") {
    awaitEnd(container, HOLDER_PATIENCE_MS);
    return false;
  }
  signalIfRunning(container, signal);
  if (signal !== SIGKILL && awaitEnd(container, timeoutMs)) {
    return true;
  }
  signalIfRunning(container, SIGKILL);
  if (!awaitEnd(container, HOLDER_PATIENCE_MS)) {
    throw new OcicatError("timeout", {
      operation: "stop",
      subject: `container ${quote(container.record.name)}`,
      reason: "it has been killed, but has not ended yet",
    });
  }
  return true;
}

function signalIfRunning(container: StoredContainer, signal: number): void {
  try {
    kill({ ...container.address, signal });
    recordContainerEvent(container, "kill", { signal: String(signal) });
  } catch (error) {
    const isOver =
      error instanceof OcicatError && (error.code === "wrong-state" || error.code === "not-found");
    if (!isOver) {
      throw error;
    }
  }
}
