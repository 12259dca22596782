// What a container is now. Its own files say what was; whether it runs is asked of the runtime, which
// asks the processes. So nothing that is written down can be wrong after a crash or a reboot.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type ExitRecord, readExitRecord } from "../../holder/exit-record.ts";
import { queryState } from "../../runtime/query-state.ts";
import { exitCodeOf } from "../../sys/process.ts";
import type { Surroundings } from "../surroundings.ts";
import { awaitExitRecord } from "./await-exit-record.ts";
import type { ContainerFolder } from "./container-folder.ts";
import { readStartRecord, type StartRecord } from "./container-record.ts";
import { childOfHolder, holderIsAlive, withHolder } from "./holder-process.ts";
import { isRestartAwaited } from "./restart-record.ts";

export type ContainerStatus =
  | { readonly kind: "created" }
  | { readonly kind: "running" | "paused"; readonly pid: number; readonly startedMs: number }
  | {
      readonly kind: "exited";
      readonly startedMs: number;
      readonly finishedMs: number;
      /** 128 + N for a signal. */
      readonly code: number;
      readonly signal: number | undefined;
      readonly isRestarting: boolean;
    }
  /** It is not there any more, and nobody could see how it ended. */
  | {
      readonly kind: "lost";
      readonly startedMs: number;
      readonly reason: string;
      readonly isRestarting: boolean;
      /** Its process runs, and its state is not where it is looked for. */
      readonly isStray?: boolean;
    };

/** It has ended, and its restart policy is about to start it again. */
export function isRestarting(status: ContainerStatus): boolean {
  return (status.kind === "exited" || status.kind === "lost") && status.isRestarting;
}

/** Docker's word for it. */
export function stateWord(status: ContainerStatus): string {
  if (isRestarting(status)) {
    return "restarting";
  }
  return status.kind === "lost" ? "dead" : status.kind;
}

/** Users see it as one that runs: it is stopped, not started. */
export function isLive(status: ContainerStatus): boolean {
  return status.kind === "running" || status.kind === "paused" || isRestarting(status);
}

/** It runs, or is paused. */
export type LiveStatus = Extract<ContainerStatus, { readonly pid: number }>;

export function containerStatus(
  folder: ContainerFolder,
  surroundings: Pick<Surroundings, "stateRoot" | "containerStateRoot">,
): ContainerStatus {
  const started = readStartRecord(folder.fd);
  const exit = readExitRecord(folder.fd);
  const isWaiting = () =>
    started !== undefined && isRestartAwaited(surroundings.stateRoot, folder.id, started);
  if (exit !== undefined) {
    return ended(exit, started, isWaiting());
  }
  const live = liveStatus(surroundings.containerStateRoot, folder.id);
  if (live !== undefined) {
    return { ...live, startedMs: started?.startedMs ?? Date.now() };
  }
  if (started === undefined) {
    return { kind: "created" };
  }
  if (childOfHolder(started) !== undefined) {
    const reason = `its state folder was removed while it ran, or is not ${surroundings.stateRoot}`;
    const { startedMs } = started;
    return { kind: "lost", startedMs, reason, isRestarting: false, isStray: true };
  }
  // It may have ended between the two looks.
  const late = awaitExitRecord(folder, started);
  if (late !== undefined) {
    return ended(late, started, isWaiting());
  }
  return isBeingStarted(folder, started) ? starting(started) : lost(started, isWaiting());
}

/** Whoever starts it holds its lock, and does not know its holder yet. */
function isBeingStarted(folder: ContainerFolder, { holderPid }: StartRecord): boolean {
  using lock = holderPid === 0 ? folder.tryLock() : undefined;
  return holderPid === 0 && lock === undefined;
}

function starting({ startedMs, restarts }: StartRecord): ContainerStatus {
  return restarts === 0
    ? { kind: "created" }
    : { kind: "lost", startedMs, reason: "it is being started", isRestarting: true };
}

/** Of its process; undefined: it does not run. */
export function livePid({ containerStateRoot }: Surroundings, id: string): number | undefined {
  return liveStatus(containerStateRoot, id)?.pid;
}

function liveStatus(
  stateRoot: string,
  id: string,
): { readonly kind: "running" | "paused"; readonly pid: number } | undefined {
  try {
    const { status, pid } = queryState({ stateRoot, id });
    return status === "stopped"
      ? undefined
      : { kind: status === "paused" ? status : "running", pid };
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

function ended(
  exit: ExitRecord,
  started: StartRecord | undefined,
  isWaiting: boolean,
): ContainerStatus {
  const { seconds, nanoseconds } = exit.finishedAt;
  const finishedMs = seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
  const startedMs = started?.startedMs ?? finishedMs;
  const { status } = exit;
  if (status === undefined) {
    const reason =
      (started?.killedHolders ?? 0) > 0
        ? "its holder was killed, and the one after it could not learn how its process ended"
        : "its holder could not see how its process ended";
    return { kind: "lost", startedMs, reason, isRestarting: isWaiting };
  }
  return {
    kind: "exited",
    startedMs,
    finishedMs,
    code: exitCodeOf(status),
    signal: "signal" in status ? status.signal : undefined,
    isRestarting: isWaiting,
  };
}

function lost(started: StartRecord, isWaiting: boolean): ContainerStatus {
  const common = { kind: "lost", startedMs: started.startedMs, isRestarting: isWaiting } as const;
  if (holderIsAlive(started)) {
    return { ...common, reason: "it is ending, and its end is not written down yet" };
  }
  const reason =
    started.holderPid === 0
      ? "whoever started it was killed"
      : "its holder was killed, or the machine restarted, while it ran";
  return { ...common, reason };
}

/** Its process runs, and the holder that kept it was killed. */
export function isOrphaned(folder: ContainerFolder, { containerStateRoot }: Surroundings): boolean {
  const started = readStartRecord(folder.fd);
  if (started === undefined || holderIsAlive(started) || readExitRecord(folder.fd) !== undefined) {
    return false;
  }
  const live = liveStatus(containerStateRoot, folder.id);
  return live !== undefined && !isHeld(started, live.pid);
}

function isHeld(started: StartRecord, initPid: number): boolean {
  const held = withHolder(started, initPid);
  return held !== undefined && holderIsAlive(held);
}
