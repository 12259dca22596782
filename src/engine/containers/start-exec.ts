// Adds a process to a container that runs, kept by a holder (native/holder.c) that outlives this command.
// The holder removes its attach socket and ends with the process; nobody has to settle anything.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readAccounts } from "../../image/accounts.ts";
import type { ConsoleSize, Process } from "../../oci/process.ts";
import { execHeld } from "../../runtime/exec-held.ts";
import { type EndsWithReader, outputFifos } from "../../runtime/output-fifos.ts";
import { endPhase } from "../../sys/phases.ts";
import { readProcessStat } from "../../sys/process.ts";
import { recordExecEvent } from "../events/container-event.ts";
import { checkUser, containerIdMaps } from "../id-maps.ts";
import { execDuties } from "./exec-duties.ts";
import { ExecFolder } from "./exec-folder.ts";
import { type ExecRequest, execProcess } from "./exec-process.ts";
import type { ExecRecord, ExecStart, StoredExecRequest } from "./exec-record.ts";
import { execStatus } from "./exec-status.ts";
import { enterOwnScope, ownScope } from "./own-scope.ts";
import { requireRunning } from "./require-running.ts";
import type { StoredContainer } from "./stored-container.ts";
import { pruneExecs } from "./sweep-execs.ts";

export interface ExecLaunch {
  /** A connected stream socket for the client that is attached from the start. */
  readonly primaryFd?: number;
  /** Of its terminal, from the first moment. */
  readonly consoleSize?: ConsoleSize | undefined;
  /** Of the first client's streams. Default: neither. */
  readonly endsWithReader?: EndsWithReader;
  readonly onWarning?: ((text: string) => void) | undefined;
  /** So many of this process's descriptors, from 3 on, reach the process. */
  readonly preserveFds?: number | undefined;
  /** Whoever starts it records the event of its end, if he is there by then; else its holder does. */
  readonly isEndTold?: boolean;
}

export interface StartedExec {
  /** Closed: what is done with it goes by its path. */
  readonly folder: ExecFolder;
  readonly start: ExecStart;
  /** Our child: ends when the process has ended and every client knows. */
  readonly holderPid: number;
}

/** Throws "wrong-state" unless the container runs. What could not be executed leaves nothing. */
export async function startNewExec(
  container: StoredContainer,
  request: StoredExecRequest,
  launch: ExecLaunch,
): Promise<StartedExec> {
  requireExecutable(container);
  const { surroundings, folder } = container;
  pruneExecs(surroundings, folder.id);
  const now = Date.now();
  const record = {
    container: folder.id,
    createdMs: now,
    request,
    // Who finds this knows that a start was cut short.
    start: { startedMs: now, pid: 0, startTime: "" },
  };
  using exec = ExecFolder.create(surroundings, record);
  recordExecEvent(container, "exec_create", { execID: exec.id, command: request.command });
  endPhase("record");
  try {
    return await launchExec({ container, exec }, { ...record, id: exec.id }, launch);
  } catch (error) {
    exec.remove();
    throw error;
  }
}

/** Makes an exec that startCreatedExec starts. Returns its id. */
export function makeExec(container: StoredContainer, request: StoredExecRequest): string {
  requireExecutable(container);
  const { surroundings, folder } = container;
  pruneExecs(surroundings, folder.id);
  const record = { container: folder.id, createdMs: Date.now(), request };
  using exec = ExecFolder.create(surroundings, record);
  recordExecEvent(container, "exec_create", { execID: exec.id, command: request.command });
  return exec.id;
}

/** Throws "wrong-state" for one that has been started before. */
export async function startCreatedExec(
  container: StoredContainer,
  exec: ExecFolder,
  launch: ExecLaunch,
): Promise<StartedExec> {
  requireExecutable(container);
  const isOurs = exec.tryLock();
  const record = exec.read();
  if (!isOurs || record === undefined || execStatus(exec, record).kind !== "created") {
    throw new OcicatError("wrong-state", {
      operation: "start",
      subject: `exec ${quote(exec.id)}`,
      reason: "it has been started before",
    });
  }
  const start = { startedMs: Date.now(), pid: 0, startTime: "" };
  exec.write({ ...record, start });
  try {
    return await launchExec({ container, exec }, { ...record, start }, launch);
  } catch (error) {
    exec.write({ ...record, start: { ...start, failure: failureOf(error) } });
    throw error;
  }
}

function requireExecutable(container: StoredContainer): void {
  const { kind } = requireRunning(container, "exec in");
  if (kind === "paused") {
    const { name } = container.record;
    throw new OcicatError("wrong-state", {
      operation: "exec in",
      subject: `container ${quote(name)}`,
      reason: "it is paused",
      hint: `\`ocicat unpause ${name}\` lets it go on`,
    });
  }
}

const EXIT_CANNOT_EXECUTE = 126;
const EXIT_NOT_FOUND = 127;

function failureOf(error: unknown): NonNullable<ExecStart["failure"]> {
  const isMissing = error instanceof OcicatError && error.code === "not-found";
  return {
    reason: error instanceof Error ? error.message : String(error),
    code: isMissing ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE,
  };
}

interface ExecPlace {
  readonly container: StoredContainer;
  /** Locked; its lock becomes the holder's. */
  readonly exec: ExecFolder;
}

async function launchExec(
  { container, exec }: ExecPlace,
  record: ExecRecord,
  {
    primaryFd,
    consoleSize,
    endsWithReader,
    onWarning,
    preserveFds = 0,
    isEndTold = false,
  }: ExecLaunch,
): Promise<StartedExec> {
  const { surroundings } = container;
  const isDetached = primaryFd === undefined;
  const entry = { id: exec.id, what: "the process", joins: true, isDetached: false };
  await enterOwnScope(entry, onWarning);
  using listener = exec.listen();
  const { pid, holderPid } = await execHeld({
    ...container.address,
    process: (own, rootPath) => ({
      ...permitted(processOf(record.request, own, rootPath), record.request, container),
      ...(consoleSize === undefined ? {} : { consoleSize }),
    }),
    stdin: record.request.interactive,
    stdinIsPrimarys: true,
    preserveFds,
    ...execDuties(exec, { surroundings, container: record.container, isEndTold }),
    fifos: outputFifos(exec.path, endsWithReader),
    listenerFd: listener.number,
    // One that is waited for is seldom left alone, and systemd takes its time.
    ...(isDetached
      ? { ownScope: { execId: exec.id, ...ownScope("the process", onWarning) } }
      : { primaryFd }),
  });
  const stat = readProcessStat(pid);
  // One that has ended already has no stat, or that of another process, which has another parent.
  const startTime = stat?.parentPid === holderPid ? stat.startTime : "";
  const start = { startedMs: Date.now(), pid, startTime };
  if (startTime !== "") {
    const holder = { pid: holderPid, startTime: readProcessStat(holderPid)?.startTime ?? "" };
    noteStart(exec, { ...record, start: { ...start, holder } });
  }
  const { command } = record.request;
  recordExecEvent(container, "exec_start", { execID: exec.id, command });
  return { folder: exec, start, holderPid };
}

/** The container may have been removed in this moment, and the folder with it. */
function noteStart(exec: ExecFolder, record: ExecRecord): void {
  try {
    exec.write(record);
  } catch (error) {
    if (!(error instanceof OcicatError) || error.code !== "not-found") {
      throw error;
    }
  }
}

/** Made from the container's own process, with the accounts that it has now. */
/** The container's own user was looked at when it was created. */
function permitted(process: Process, { user }: ExecRequest, container: StoredContainer): Process {
  if (user !== undefined) {
    const { options } = container.record;
    const maps = containerIdMaps(options, container.idMaps);
    checkUser(process.user, maps, { areChosen: options.users !== undefined });
  }
  return process;
}

export function processOf(
  request: ExecRequest,
  own: Process | undefined,
  rootPath: string,
): Process {
  const base = own ?? { user: { uid: 0, gid: 0 }, args: [], cwd: "/" };
  return execProcess(base, request, readAccounts([rootPath]));
}
