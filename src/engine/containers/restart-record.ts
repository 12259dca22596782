// A container that waits to be started again by its restart policy. The command that its holder executed
// waits (container-ended.ts), and says so beside the attach sockets, where a reboot takes it away:
//
//   STATE ROOT/.attach/ID.restart   {"version": 1, "startedMs", "waiterPid", "waiterStartTime"}
//
// `startedMs` is that of the run that ended: a record of another run counts for nothing.
//
//   STATE ROOT/.attach/shutdown     empty: the machine is going down, and no restart policy starts anything

import { AT_FDCWD, O_CREAT, O_RDONLY, O_WRONLY } from "../../abi/file.ts";
import { SIGKILL } from "../../abi/process.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  readTextFileIfExists,
  replaceFileAt,
  stat,
  temporaryName,
  tryUnlinkAt,
} from "../../sys/file.ts";
import {
  isAlive,
  type NamedProcess,
  openLiveProcess,
  readProcessStat,
  trySignalPidfd,
} from "../../sys/process.ts";
import { attachFolder, attachSocketName } from "./attach-socket.ts";
import type { StartRecord } from "./container-record.ts";
import { holderIsAlive } from "./holder-process.ts";

const VERSION = 1;
const SIZE_LIMIT = 4096;

interface RestartRecord {
  readonly startedMs: number;
  readonly waiterPid: number;
  /** As /proc tells it. */
  readonly waiterStartTime: string;
}

/** This process waits. */
export function writeRestartRecord(stateRoot: string, id: string, started: StartRecord): void {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const waiterPid = call("getpid");
  const record: RestartRecord = {
    startedMs: started.startedMs,
    waiterPid,
    waiterStartTime: readProcessStat(waiterPid)?.startTime ?? "",
  };
  using folder = new OwnedFd(open(attachFolder({ stateRoot }), O_RDONLY | O_DIRECTORY));
  replaceFileAt(folder.number, nameOf(id), JSON.stringify({ version: VERSION, ...record }));
}

/** Whether there was one. */
export function removeRestartRecord(stateRoot: string, id: string): boolean {
  return tryUnlinkAt(AT_FDCWD, `${attachFolder({ stateRoot })}/${nameOf(id)}`) === 0;
}

/** Of a container that is removed: also what a process left that was killed while it wrote one. */
export function forgetRestart(stateRoot: string, id: string): void {
  removeRestartRecord(stateRoot, id);
  tryUnlinkAt(AT_FDCWD, `${attachFolder({ stateRoot })}/${temporaryName(nameOf(id))}`);
}

/** `started`: of the run that ended. */
export function isRestartAwaited(stateRoot: string, id: string, started: StartRecord): boolean {
  const record = readRestartRecord(stateRoot, id);
  return record?.startedMs === started.startedMs && isAlive(waiterOf(record));
}

/**
 * Whether somebody waited, or was about to, and was killed: whoever settles a container removes its attach
 * socket, and a reboot removes all of this.
 */
export function isRestartAbandoned(stateRoot: string, id: string, started: StartRecord): boolean {
  const record = readRestartRecord(stateRoot, id);
  if (record !== undefined) {
    return record.startedMs === started.startedMs && !isAlive(waiterOf(record));
  }
  const socket = stat(`${attachFolder({ stateRoot })}/${attachSocketName(id)}`);
  return socket !== undefined && !holderIsAlive(started);
}

/** Whether it is this process that waits. */
export function isOurRestart(stateRoot: string, id: string): boolean {
  return readRestartRecord(stateRoot, id)?.waiterPid === call("getpid");
}

/** The container's lock is held: whoever waits is not starting it, and never will. */
export function cancelRestart(stateRoot: string, id: string): void {
  const record = readRestartRecord(stateRoot, id);
  if (record === undefined) {
    return;
  }
  using waiter = openLiveProcess(waiterOf(record));
  if (waiter !== undefined) {
    trySignalPidfd(waiter.number, SIGKILL);
  }
  removeRestartRecord(stateRoot, id);
}

const SHUTDOWN_NAME = "shutdown";

export function noteShutdown(stateRoot: string): void {
  makeDirectories(stateRoot, 0o711);
  makeDirectories(attachFolder({ stateRoot }), 0o700);
  const path = shutdownPath(stateRoot);
  using _file = new OwnedFd(open(path, O_WRONLY | O_CREAT, 0o600));
}

export function isGoingDown(stateRoot: string): boolean {
  return stat(shutdownPath(stateRoot)) !== undefined;
}

/** After a boot: where the folder has survived it, or nothing came of the shutdown. */
export function forgetShutdown(stateRoot: string): void {
  tryUnlinkAt(AT_FDCWD, shutdownPath(stateRoot));
}

function shutdownPath(stateRoot: string): string {
  return `${attachFolder({ stateRoot })}/${SHUTDOWN_NAME}`;
}

/** Mostly the same process as its holder. */
function waiterOf({ waiterPid, waiterStartTime }: RestartRecord): NamedProcess {
  return { pid: waiterPid, startTime: waiterStartTime };
}

function readRestartRecord(stateRoot: string, id: string): RestartRecord | undefined {
  const text = readTextFileIfExists(`${attachFolder({ stateRoot })}/${nameOf(id)}`, SIZE_LIMIT);
  if (text === undefined) {
    return undefined;
  }
  const record: RestartRecord & { readonly version: number } = JSON.parse(text);
  return record.version === VERSION ? record : undefined;
}

function nameOf(id: string): string {
  return `${id}.restart`;
}
