// Waiting for the end of a container, and bringing it about. What is waited for is always the holder: by
// its end the exit record is written, the log complete and, where nobody was attached, the container
// settled.

import { POLLIN, SIGKILL } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { kill } from "../../runtime/kill.ts";
import { openInitOf } from "../../runtime/wait.ts";
import type { OwnedFd } from "../../sys/file.ts";
import { poll } from "../../sys/poll.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { adoptIfOrphaned, hasNewHolder } from "./adopt-container.ts";
import { readStartRecord, type StartRecord } from "./container-record.ts";
import { livePid } from "./container-status.ts";
import { openLiveHolder, withHolder } from "./holder-process.ts";
import { cancelRestart, isRestartAwaited } from "./restart-record.ts";
import type { StoredContainer } from "./stored-container.ts";

/** What a holder has left to do is little; it may have to wait for a full disk. */
const HOLDER_PATIENCE_MS = 15_000;
/** What ends so soon is not worth an event loop. */
const AT_ONCE_MS = 2;

/** Whether it has ended within `timeoutMs`; without one there is no limit. */
export async function awaitEnd(container: StoredContainer, timeoutMs?: number): Promise<boolean> {
  const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  let before: StartRecord | undefined;
  do {
    adoptIfOrphaned(container);
    before = readStartRecord(container.folder.fd);
    using last = openHolder(container) ?? openOrphan(container);
    if (last !== undefined && !(await hasEnded(last.number, deadline))) {
      return false;
    }
  } while (hasNewHolder(container, before));
  return true;
}

/** Other containers may be waited for at the same time. */
async function hasEnded(pidfd: number, deadline: number | undefined): Promise<boolean> {
  const awaited = [{ fd: pidfd, events: POLLIN }];
  const [atOnce = 0] = poll(awaited, AT_ONCE_MS);
  if (atOnce !== 0) {
    return true;
  }
  const leftMs = deadline === undefined ? undefined : deadline - performance.now();
  const [events = 0] = await pollInLoop(awaited, leftMs);
  return events !== 0;
}

/** The process of a container whose holder was killed, where another one could not be started. */
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
export function openHolder({ folder, surroundings }: StoredContainer): OwnedFd | undefined {
  const found = readStartRecord(folder.fd);
  const started =
    found?.holderPid === 0 ? withHolder(found, livePid(surroundings, folder.id) ?? 0) : found;
  return started === undefined ? undefined : openLiveHolder(started);
}

export interface EndRequest {
  readonly signal: number;
  /** How long the process may take before it is killed. */
  readonly timeoutMs: number;
}

/** Ends a container that runs. False: it does not, and is left as it is. */
export async function endContainer(
  container: StoredContainer,
  { signal, timeoutMs }: EndRequest,
): Promise<boolean> {
  cancelPendingRestart(container);
  const { kind } = container.status();
  if (kind !== "running" && kind !== "paused") {
    await awaitEnd(container, HOLDER_PATIENCE_MS);
    return false;
  }
  signalIfRunning(container, signal);
  if (signal !== SIGKILL && (await awaitEnd(container, timeoutMs))) {
    return true;
  }
  signalIfRunning(container, SIGKILL);
  if (!(await awaitEnd(container, HOLDER_PATIENCE_MS))) {
    throw new OcicatError("timeout", {
      operation: "stop",
      subject: `container ${quote(container.record.name)}`,
      reason: "it has been killed, but has not ended yet",
    });
  }
  return true;
}

/** Whoever waits to start it again is not waited for. */
function cancelPendingRestart({ folder, surroundings, record }: StoredContainer): void {
  const { stateRoot } = surroundings;
  const started = readStartRecord(folder.fd);
  if (started !== undefined && isRestartAwaited(stateRoot, record.id, started)) {
    // With the lock nobody is between its waiting and its start.
    using _lock = folder.lock();
    cancelRestart(stateRoot, record.id);
  }
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
