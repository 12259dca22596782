// A process that exec added to a container goes on when its holder is killed: whoever looks at it, or at its
// container, next gives it another one, as adopt-container.ts does for containers. There is no log in
// which something could be marked as missing.

import { SIGKILL, SOCK_STREAM } from "../../abi/process.ts";
import { readExitRecord } from "../../holder/exit-record.ts";
import { adoptProcess } from "../../runtime/adopt.ts";
import { OwnedFd } from "../../sys/file.ts";
import {
  type ExitStatus,
  openLiveProcess,
  readProcessStat,
  trySignalPidfd,
} from "../../sys/process.ts";
import { socketPair } from "../../sys/socket.ts";
import type { Surroundings } from "../surroundings.ts";
import { awaitDeath } from "./await-holder-death.ts";
import { ContainerFolder } from "./container-folder.ts";
import { execDuties } from "./exec-duties.ts";
import { ExecFolder } from "./exec-folder.ts";
import type { ExecRecord, ExecStart } from "./exec-record.ts";

export interface ExecPlace {
  readonly surroundings: Surroundings;
  /** The container's id. */
  readonly container: string;
  /** The exec's id. */
  readonly id: string;
}

/**
 * Whether it has a new holder, by this. Who is not the first finds that there is nothing to do.
 * `primaryFd`: a connected stream socket for a client that is attached from then on.
 */
export function adoptExecIfOrphaned(place: ExecPlace, primaryFd?: number): boolean {
  using container = ContainerFolder.tryOpen(place.surroundings.storeRoot, place.container);
  // Nobody else adopts it meanwhile, and the container is not removed.
  using _lock = container?.lock();
  // Its lock becomes the holder's: whoever called has the folder open for other purposes.
  using folder = openFolder(place);
  if (container === undefined || folder?.tryLock() !== true) {
    return false;
  }
  const record = folder.read();
  const start = readExitRecord(folder.fd) === undefined ? record?.start : undefined;
  using process = start === undefined ? undefined : openLiveProcess(start);
  if (record === undefined || start === undefined || process === undefined) {
    return false;
  }
  const { surroundings } = place;
  startHolder({ surroundings, folder, record, start, pidfd: process.number }, primaryFd);
  if (record.request.terminal) {
    // It hung up, and nobody can reach the process any more.
    trySignalPidfd(process.number, SIGKILL);
  }
  return true;
}

function openFolder({ surroundings, container, id }: ExecPlace): ExecFolder | undefined {
  return ExecFolder.open(surroundings, container, id);
}

interface OrphanedExec {
  readonly surroundings: Surroundings;
  /** Locked. */
  readonly folder: ExecFolder;
  readonly record: ExecRecord;
  readonly start: ExecStart;
  readonly pidfd: number;
}

function startHolder(exec: OrphanedExec, primaryFd?: number): void {
  const { surroundings, folder, record, start, pidfd } = exec;
  // Who started it waits for the end again, and tells of it.
  const owner = { surroundings, container: record.container, isEndTold: primaryFd !== undefined };
  using listener = folder.listen();
  const held = { id: folder.id, pid: start.pid, pidfd, fifosFd: folder.fd };
  adoptProcess(held, {
    ...execDuties(folder, owner),
    listenerFd: listener.number,
    ...(primaryFd === undefined ? {} : { primaryFd }),
    onHolder: (pid) => {
      const holder = { pid, startTime: readProcessStat(pid)?.startTime ?? "" };
      const killedHolders = (start.killedHolders ?? 0) + 1;
      folder.write({ ...record, start: { ...start, holder, killedHolders } });
    },
  });
}

/** Of a client, to a holder. */
export class ExecConnection implements Disposable {
  readonly socketFd: number;
  /** As ExecStart has it, of that holder. */
  readonly killedHolders: number;

  constructor(socket: OwnedFd, killedHolders: number) {
    this.socketFd = socket.release();
    this.killedHolders = killedHolders;
  }

  [Symbol.dispose](): void {
    new OwnedFd(this.socketFd)[Symbol.dispose]();
  }
}

/**
 * To the holder that follows one which has gone without a word, by whoever made it; `killedHolders`: of that
 * one. Undefined: there is none, for the process has ended.
 */
export async function connectToNewExecHolder(
  place: ExecPlace,
  killedHolders: number,
): Promise<ExecConnection | undefined> {
  await awaitDeath(startOf(place)?.holder);
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  // Attached from the start, so that nothing is read that no client gets.
  const isAdopted = adoptExecIfOrphaned(place, holder.number);
  using folder = openFolder(place);
  const now = folder?.read()?.start?.killedHolders ?? 0;
  if (isAdopted) {
    return new ExecConnection(client, now);
  }
  using socket = now > killedHolders ? folder?.tryConnect() : undefined;
  return socket === undefined ? undefined : new ExecConnection(socket, now);
}

function startOf(place: ExecPlace): ExecStart | undefined {
  using folder = openFolder(place);
  return folder?.read()?.start;
}

/** Undefined: nobody knows how it ended. */
export function lastStatus(place: ExecPlace): ExitStatus | undefined {
  using folder = openFolder(place);
  return folder === undefined ? undefined : readExitRecord(folder.fd)?.status;
}
