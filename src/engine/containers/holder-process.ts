// The process that holds a container, as its start record names it. When the container has ended, the same
// process executes `ocicat container-ended`.

import { type OwnedFd, readTextFileIfExists } from "../../sys/file.ts";
import { isAlive, type NamedProcess, openLiveProcess, readProcessStat } from "../../sys/process.ts";
import type { StartRecord } from "./container-record.ts";

export function holderIsAlive(started: StartRecord): boolean {
  return isAlive(holderOf(started));
}

/** A pidfd; undefined: it has ended. */
export function openLiveHolder(started: StartRecord): OwnedFd | undefined {
  return openLiveProcess(holderOf(started));
}

export function holderOf({ holderPid, holderStartTime }: StartRecord): NamedProcess {
  return { pid: holderPid, startTime: holderStartTime };
}

/** The process that a holder keeps; undefined: it has ended, or its holder has. */
export function childOfHolder(started: StartRecord): NamedProcess | undefined {
  const { pid } = holderOf(started);
  // It has one child.
  const children = readTextFileIfExists(`/proc/${pid}/task/${pid}/children`) ?? "";
  const child = Number.parseInt(children, 10);
  const named = { pid: child, startTime: readProcessStat(child)?.startTime ?? "" };
  // Only now the holder's pid can't have been another process's.
  return isAlive(named) && holderIsAlive(started) ? named : undefined;
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
