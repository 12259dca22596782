// What a container is now. Its own files say what was; whether it runs is asked of the runtime, which
// asks the processes. So nothing that is written down can be wrong after a crash or a reboot.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type ExitRecord, readExitRecord } from "../../holder/exit-record.ts";
import { queryState } from "../../runtime/query-state.ts";
import { OwnedFd } from "../../sys/file.ts";
import { exitCodeOf, readProcessStat, tryOpenPidfd } from "../../sys/process.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ContainerFolder } from "./container-folder.ts";
import { readStartRecord, type StartRecord } from "./container-record.ts";

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
    }
  /** It is not there any more, and nobody could see how it ended. */
  | { readonly kind: "lost"; readonly startedMs: number; readonly reason: string };

export function containerStatus(
  folder: ContainerFolder,
  { containerStateRoot }: Surroundings,
): ContainerStatus {
  const started = readStartRecord(folder.fd);
  const exit = readExitRecord(folder.fd);
  if (exit !== undefined) {
    return ended(exit, started);
  }
  const live = liveStatus(containerStateRoot, folder.id);
  if (live !== undefined) {
    return { ...live, startedMs: started?.startedMs ?? Date.now() };
  }
  if (started === undefined) {
    return { kind: "created" };
  }
  // It may have ended between the two looks.
  const late = readExitRecord(folder.fd);
  return late === undefined ? lost(started) : ended(late, started);
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

function ended(exit: ExitRecord, started: StartRecord | undefined): ContainerStatus {
  const { seconds, nanoseconds } = exit.finishedAt;
  const finishedMs = seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
  const startedMs = started?.startedMs ?? finishedMs;
  const { status } = exit;
  if (status === undefined) {
    const reason =
      (started?.killedHolders ?? 0) > 0
        ? "its holder was killed, and the one after it could not learn how its process ended"
        : "its holder could not see how its process ended";
    return { kind: "lost", startedMs, reason };
  }
  return {
    kind: "exited",
    startedMs,
    finishedMs,
    code: exitCodeOf(status),
    signal: "signal" in status ? status.signal : undefined,
  };
}

function lost(started: StartRecord): ContainerStatus {
  const { startedMs } = started;
  if (holderIsAlive(started)) {
    return { kind: "lost", startedMs, reason: "it is ending" };
  }
  const reason =
    started.holderPid === 0
      ? "whoever started it was killed"
      : "its holder was killed, or the machine restarted, while it ran";
  return { kind: "lost", startedMs, reason };
}

export function holderIsAlive({ holderPid, holderStartTime }: StartRecord): boolean {
  const stat = holderPid === 0 ? undefined : readProcessStat(holderPid);
  return stat !== undefined && stat.startTime === holderStartTime && !/[ZX]/.test(stat.state);
}

/** A pidfd; undefined: it has ended. */
export function openLiveHolder(started: StartRecord): OwnedFd | undefined {
  const fd = started.holderPid === 0 ? -1 : tryOpenPidfd(started.holderPid);
  if (fd < 0) {
    return undefined;
  }
  using pidfd = new OwnedFd(fd);
  // Only now the pid can't become another process's.
  return holderIsAlive(started) ? new OwnedFd(pidfd.release()) : undefined;
}

/** The kernel's name for a stage, which a holder was before. */
const HOLDER_NAME = "ocicat";

/**
 * With its holder, which a start that was cut short has not written down: it is the parent of the
 * container's process. Undefined: there is none.
 */
export function withHolder(started: StartRecord, initPid: number): StartRecord | undefined {
  if (started.holderPid !== 0) {
    return started;
  }
  const holderPid = readProcessStat(initPid)?.parentPid;
  const stat = holderPid === undefined ? undefined : readProcessStat(holderPid);
  return holderPid === undefined || stat === undefined || !stat.name.includes(HOLDER_NAME)
    ? undefined
    : { ...started, holderPid, holderStartTime: stat.startTime };
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
