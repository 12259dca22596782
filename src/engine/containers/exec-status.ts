// What has become of a process that `exec` added to a container: asked of its holder and of the process
// itself, so that nothing that is written down can be wrong after a crash.

import { readExitRecord } from "../../holder/exit-record.ts";
import { OwnedFd } from "../../sys/file.ts";
import { exitCodeOf, readProcessStat, tryOpenPidfd } from "../../sys/process.ts";
import type { ExecFolder } from "./exec-folder.ts";
import type { ExecRecord, ExecStart } from "./exec-record.ts";

export type ExecStatus =
  | { readonly kind: "created" }
  /** `pid`: 0 when nobody could write it down. */
  | { readonly kind: "running"; readonly pid: number }
  /** `code`: 128 + N for a signal. */
  | { readonly kind: "exited"; readonly code: number; readonly finishedMs: number }
  /** It could not be executed. */
  | { readonly kind: "failed"; readonly code: number; readonly reason: string }
  /** It is not there any more, and nobody could see how it ended. */
  | { readonly kind: "lost"; readonly reason: string };

export function execStatus(folder: ExecFolder, { start }: ExecRecord): ExecStatus {
  if (start === undefined) {
    return { kind: "created" };
  }
  if (start.failure !== undefined) {
    return { kind: "failed", ...start.failure };
  }
  // Whether it runs before how it ended: a holder writes the record first and is gone then.
  const isHeld = folder.isLocked();
  return exitedStatus(folder) ?? (isHeld || isAlive(start) ? running(start) : lost(start));
}

function exitedStatus(folder: ExecFolder): ExecStatus | undefined {
  const exit = readExitRecord(folder.fd);
  if (exit === undefined) {
    return undefined;
  }
  const { status, finishedAt } = exit;
  if (status === undefined) {
    return { kind: "lost", reason: "its holder could not see how it ended" };
  }
  const finishedMs = finishedAt.seconds * 1000 + Math.floor(finishedAt.nanoseconds / 1_000_000);
  return { kind: "exited", code: exitCodeOf(status), finishedMs };
}

function running({ pid }: ExecStart): ExecStatus {
  return { kind: "running", pid };
}

function lost({ pid }: ExecStart): ExecStatus {
  const reason =
    pid === 0
      ? "whoever started it was killed"
      : "its holder was killed while it ran, so nobody could see how it ended";
  return { kind: "lost", reason };
}

function isAlive({ pid, startTime }: ExecStart): boolean {
  const stat = pid === 0 ? undefined : readProcessStat(pid);
  return stat !== undefined && stat.startTime === startTime && !/[ZX]/.test(stat.state);
}

/** A pidfd of its process; undefined: it has ended, or nobody knows which it is. */
export function openExecProcess(start: ExecStart): OwnedFd | undefined {
  const fd = start.pid === 0 ? -1 : tryOpenPidfd(start.pid);
  if (fd < 0) {
    return undefined;
  }
  using pidfd = new OwnedFd(fd);
  // Only now the pid can't become another process's.
  return isAlive(start) ? new OwnedFd(pidfd.release()) : undefined;
}
