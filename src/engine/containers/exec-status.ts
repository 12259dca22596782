// What has become of a process that `exec` added to a container: asked of its holder and of the process
// itself, so that nothing that is written down can be wrong after a crash.

import { readExitRecord } from "../../holder/exit-record.ts";
import { exitCodeOf, isAlive } from "../../sys/process.ts";
import type { ExecFolder } from "./exec-folder.ts";
import type { ExecRecord, ExecStart } from "./exec-record.ts";

export type ExecStatus =
  | { readonly kind: "created" }
  /** `pid`: 0 when nobody could write it down. */
  | { readonly kind: "running"; readonly pid: number }
  /** `code`: 128 + N for a signal. */
  | { readonly kind: "exited"; readonly code: number }
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
  return exitedStatus(folder, start) ?? (isHeld || isAlive(start) ? running(start) : lost(start));
}

function exitedStatus(
  folder: ExecFolder,
  { killedHolders = 0 }: ExecStart,
): ExecStatus | undefined {
  const exit = readExitRecord(folder.fd);
  if (exit === undefined) {
    return undefined;
  }
  const { status } = exit;
  if (status === undefined) {
    const reason =
      killedHolders > 0
        ? "its holder was killed, and the one after it could not learn how it ended"
        : "its holder could not see how it ended";
    return { kind: "lost", reason };
  }
  return { kind: "exited", code: exitCodeOf(status) };
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
