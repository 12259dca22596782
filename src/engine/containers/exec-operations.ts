// What can be done with the processes that are added to containers, beside `ocicat exec`: make one and
// start it later, ask, wait, attach, resize, signal. An exec is found by its id or the beginning of it.
//
// A program that serves many at once takes connectToExec and speaks the attach protocol itself.

import { POLLIN } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { encodeHello, encodeResize } from "../../holder/attach-protocol.ts";
import { HolderConnection } from "../../holder/holder-connection.ts";
import { call } from "../../sys/call.ts";
import type { OwnedFd } from "../../sys/file.ts";
import { openLiveProcess, trySignalPidfd } from "../../sys/process.ts";
import type { TerminalSize } from "../../sys/terminal.ts";
import { pollInLoop, untilReady } from "../../sys/waiting.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { recordedExecIds } from "./exec-folder.ts";
import type { StoredExecRequest } from "./exec-record.ts";
import { type ExecReport, execReport } from "./exec-report.ts";
import { type ExecLaunch, makeExec, type StartedExec, startCreatedExec } from "./start-exec.ts";
import { openContainer } from "./stored-container.ts";
import { openExec, type StoredExec } from "./stored-exec.ts";

/** The ids of those that a container has, or had. */
export async function listExecs(
  containerWord: string,
  options: SurroundingsOptions,
): Promise<readonly string[]> {
  using container = await openContainer(containerWord, options);
  return recordedExecIds(container.surroundings, container.record.id);
}

/** Makes an exec that startExec starts. Returns its id. Throws "wrong-state" unless the container runs. */
export async function createExec(
  containerWord: string,
  request: StoredExecRequest,
  options: SurroundingsOptions,
): Promise<string> {
  using container = await openContainer(containerWord, options);
  return makeExec(container, request);
}

/** Throws "not-found". */
export async function inspectExec(word: string, options: SurroundingsOptions): Promise<ExecReport> {
  using exec = await openExec(word, options);
  return execReport(exec.record, exec.status());
}

/** One that createExec made. Throws "wrong-state" for one that has been started before. */
export async function startExec(
  word: string,
  options: SurroundingsOptions & ExecLaunch,
): Promise<StartedExec> {
  using exec = await openExec(word, options);
  using container = await openContainer(exec.record.container, options);
  return await startCreatedExec(container, exec.folder, options);
}

/** The exit code, once it has ended; undefined where nobody knows it. */
export async function waitForExec(
  word: string,
  options: SurroundingsOptions,
): Promise<number | undefined> {
  for (;;) {
    using exec = await openExec(word, options);
    const status = exec.status();
    switch (status.kind) {
      case "created":
        return refuse("wait for", exec, "it has not been started");
      case "exited":
      case "failed":
        return status.code;
      case "lost":
        return undefined;
      case "running":
        await untilItEnds(exec);
    }
  }
}

/** Its holder writes down at once how the process ended; one that is killed is followed by another. */
async function untilItEnds({ record: { start }, folder }: StoredExec): Promise<void> {
  using holder = start?.holder === undefined ? undefined : openLiveProcess(start.holder);
  if (holder !== undefined) {
    await untilReady(holder.number);
    return;
  }
  // Whoever started it could not write down who holds it.
  using process = start === undefined ? undefined : openLiveProcess(start);
  if (process !== undefined) {
    await untilReady(process.number);
  }
  using socket = folder.tryConnect();
  if (socket !== undefined) {
    await untilTheHolderHasGone(new HolderConnection(socket.number));
  }
}

/** Output is read and thrown away. */
async function untilTheHolderHasGone(connection: HolderConnection): Promise<void> {
  connection.post(encodeHello({ primary: false }));
  while (!connection.isOver) {
    await untilReady(connection.fd);
    takeFrames(connection);
  }
}

function takeFrames(connection: HolderConnection): void {
  connection.receive();
  while (connection.next() !== undefined) {
    // Nothing in them is of interest.
  }
}

/** A connection to its holder, on which nothing has been said. Throws "wrong-state" unless it runs. */
export async function connectToExec(word: string, options: SurroundingsOptions): Promise<OwnedFd> {
  using exec = await openExec(word, options);
  return requireConnection(exec, "attach to");
}

function requireConnection(exec: StoredExec, operation: string): OwnedFd {
  return exec.folder.tryConnect() ?? refuse(operation, exec, "it is not running");
}

const SHUT_WR = 1;

/** Of its terminal; without one nothing happens. */
export async function resizeExec(
  word: string,
  size: TerminalSize,
  options: SurroundingsOptions,
): Promise<void> {
  using exec = await openExec(word, options);
  using socket = requireConnection(exec, "resize");
  const connection = new HolderConnection(socket.number);
  connection.post(encodeHello({ primary: false }));
  connection.post(encodeResize(size));
  call("shutdown", socket.number, SHUT_WR);
  // It ends the connection when it has taken what came before the end of ours.
  while (!connection.isOver) {
    await pollInLoop([{ fd: socket.number, events: POLLIN }]);
    takeFrames(connection);
  }
}

/** False: it has ended. */
export async function signalExec(
  word: string,
  signal: number,
  options: SurroundingsOptions,
): Promise<boolean> {
  using exec = await openExec(word, options);
  const { start } = exec.record;
  using process = start === undefined ? undefined : openLiveProcess(start);
  return process !== undefined && trySignalPidfd(process.number, signal) === 0;
}

function refuse(operation: string, { record }: StoredExec, reason: string): never {
  throw new OcicatError("wrong-state", {
    operation,
    subject: `exec ${quote(record.id.slice(0, 12))}`,
    reason,
  });
}
