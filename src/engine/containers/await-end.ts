// Waiting for the end of a container, and bringing it about. What is waited for is always the holder: by
// its end the exit record is written, the log complete and, where nobody was attached, the container
// settled, by the holder or by who ends it (settler.ts).

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
import { type Settle, Settler } from "./settler.ts";
import type { StoredContainer } from "./stored-container.ts";

/** What a holder has left to do is little; it may have to wait for a full disk. */
const HOLDER_PATIENCE_MS = 15_000;
/** What ends so soon is not worth an event loop. */
const AT_ONCE_MS = 2;

export interface EndWait {
  /** Without one there is no limit. */
  readonly timeoutMs?: number;
  /** As in RunContainerOptions. */
  readonly standsStill?: boolean;
}

/** Whether it has ended in time. */
export async function awaitEnd(
  container: StoredContainer,
  { timeoutMs, standsStill = false }: EndWait = {},
): Promise<boolean> {
  const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  let before: StartRecord | undefined;
  do {
    adoptIfOrphaned(container);
    before = readStartRecord(container.folder.fd);
    using last = openHolder(container) ?? openOrphan(container);
    if (last !== undefined && !(await hasEnded(last.number, deadline, standsStill))) {
      return false;
    }
  } while (hasNewHolder(container, before));
  return true;
}

/** Other containers may be waited for at the same time. */
async function hasEnded(
  pidfd: number,
  deadline: number | undefined,
  standsStill: boolean,
): Promise<boolean> {
  const awaited = [{ fd: pidfd, events: POLLIN }];
  const [atOnce = 0] = poll(awaited, AT_ONCE_MS);
  if (atOnce !== 0) {
    return true;
  }
  const leftMs = deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
  const [events = 0] = standsStill ? poll(awaited, leftMs) : await pollInLoop(awaited, leftMs);
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

/** How a container is ended by a command, which has nothing else to do. Absent: by another program. */
export interface EndingOptions {
  /** Of a container that is noted as stopped: this process does it, not its holder. */
  readonly settle?: Settle;
  /** As in RunContainerOptions. */
  readonly standsStill?: boolean;
}

export interface EndRequest extends EndingOptions {
  readonly signal: number;
  /** How long the process may take before it is killed. */
  readonly timeoutMs: number;
}

/** Ends a container that runs. False: it does not, and is left as it is. */
export async function endContainer(
  container: StoredContainer,
  { signal, timeoutMs, settle, standsStill = false }: EndRequest,
): Promise<boolean> {
  cancelPendingRestart(container);
  const { kind } = container.status();
  const ending = { settle, standsStill };
  const patience = { timeoutMs: HOLDER_PATIENCE_MS, ...ending };
  if (kind !== "running" && kind !== "paused") {
    const isEnded = kind === "lost" && (await endLost(container, { signal, timeoutMs }));
    await awaitEnd(container, patience);
    return isEnded;
  }
  using settler = await settlerOf(container, ending);
  signalIfRunning(container, signal);
  if (signal !== SIGKILL && (await seeEnd(container, settler, { timeoutMs, ...ending }))) {
    return true;
  }
  signalIfRunning(container, SIGKILL);
  if (!(await seeEnd(container, settler, patience))) {
    throw new OcicatError("timeout", {
      operation: "stop",
      subject: `container ${quote(container.record.name)}`,
      reason: "it has been killed, but has not ended yet",
    });
  }
  return true;
}

/** Nobody knows of its process but its holder. False: there is none. */
export async function endLost(
  container: StoredContainer,
  end: Pick<EndRequest, "signal" | "timeoutMs">,
): Promise<boolean> {
  const { endStray } = await import("./stray-process.ts");
  return endStray(container, end);
}

interface Ending {
  readonly settle: Settle | undefined;
  readonly standsStill: boolean;
}

interface SeenEnd extends Ending {
  readonly timeoutMs: number;
}

/**
 * Undefined: what comes after the end is left to the holder. So is a removal: one that this process began and did
 * not finish, nobody would know of.
 */
export async function settlerOf(
  container: StoredContainer,
  { settle, standsStill }: Ending,
): Promise<Settler | undefined> {
  return settle === undefined || container.record.options.remove
    ? undefined
    : Settler.connect(container, standsStill ? poll : pollInLoop);
}

/** As awaitEnd, by who has signalled it. */
export async function seeEnd(
  container: StoredContainer,
  settler: Settler | undefined,
  { timeoutMs, settle, standsStill }: SeenEnd,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  const handover = await settler?.untilHandedOver(deadline);
  if (settler === undefined || settle === undefined || handover === "elsewhere") {
    return awaitEnd(container, { timeoutMs: deadline - performance.now(), standsStill });
  }
  if (handover === "late") {
    return false;
  }
  await settler.settle(settle);
  return awaitEnd(container, { timeoutMs: HOLDER_PATIENCE_MS, standsStill });
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
