// exec: another process in a container that runs. It goes the way of `run`: a holder keeps it, and an exec
// in the foreground is the holder's first client.

import { SOCK_STREAM } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type AttachEnd, attach } from "../../holder/attach.ts";
import type { ConsoleSize } from "../../oci/process.ts";
import { placeHolder } from "../../runtime/place-holder.ts";
import { OwnedFd } from "../../sys/file.ts";
import { endPhase } from "../../sys/phases.ts";
import { exitCodeOf, openLiveProcess, trySignalPidfd, waitForPid } from "../../sys/process.ts";
import { socketPair } from "../../sys/socket.ts";
import { isTerminal, terminalSize } from "../../sys/terminal.ts";
import { recordContainerEvent, recordExecEnd } from "../events/container-event.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { waitOf } from "./attach-waiting.ts";
import { detachKeys } from "./detach-keys.ts";
import type { ExecRequest } from "./exec-process.ts";
import type { StoredExecRequest } from "./exec-record.ts";
import { endingWithReaders, OutputReaders } from "./output-readers.ts";
import { ownScope } from "./own-scope.ts";
import { type StartedExec, startNewExec } from "./start-exec.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

export interface ExecContainerOptions extends SurroundingsOptions, ExecRequest {
  /** In the foreground its input is ours; detached, it waits for a client's. */
  readonly interactive: boolean;
  /**
   * With a terminal: what leaves the process running. As parseDetachKeys has it; the setting's when
   * absent.
   */
  readonly detachKeys?: readonly number[];
  /** So many of this process's descriptors, from 3 on, reach the process. */
  readonly preserveFds?: number;
  /** As in RunContainerOptions. */
  readonly standsStill?: boolean;
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/**
 * In the foreground: this process's standard streams are the process's. Returns the exit code, 128 + N
 * for a signal; 0 when the user has left it by the detach keys.
 */
export async function execInContainer(
  word: string,
  options: ExecContainerOptions,
): Promise<number> {
  using container = await openContainer(word, options);
  endPhase("container");
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  const endsWithReader = endingWithReaders({ outputFd: STDOUT, errorFd: STDERR });
  const exec = await startNewExec(container, requestOf(options), {
    primaryFd: holder.number,
    consoleSize: options.terminal ? ownTerminalSize() : undefined,
    endsWithReader,
    preserveFds: options.preserveFds,
    isEndTold: true,
  });
  holder[Symbol.dispose]();
  using readers = new OutputReaders(exec.folder.path, endsWithReader);
  const session = { exec, container, options, readers };
  const first = await attachTo(client.number, session);
  endPhase("attached");
  if (first.kind === "detached") {
    // Until now systemd might end it with the session.
    placeHolder(exec.holderPid, exec.folder.id, ownScope("the process", options.onWarning));
    recordContainerEvent(container, "exec_detach", { execID: exec.folder.id });
    return 0;
  }
  waitForPid(exec.holderPid);
  const end = first.kind === "disconnected" ? await attachAgain(session) : first;
  if (end.kind === "detached") {
    return 0;
  }
  if (end.kind === "disconnected" || end.status === undefined) {
    throw unknownEnd(container);
  }
  const exitCode = exitCodeOf(end.status);
  recordExecEnd(container, exec.folder.id, `${exitCode}`);
  // Who asked has been told.
  exec.folder.remove();
  endPhase("settled");
  return exitCode;
}

/** Starts the process and leaves it to its holder. Returns the id of the exec. */
export async function execDetached(word: string, options: ExecContainerOptions): Promise<string> {
  using container = await openContainer(word, options);
  const { onWarning, preserveFds } = options;
  const launch = { onWarning, preserveFds };
  const exec = await startNewExec(container, requestOf(options), launch);
  return exec.folder.id;
}

function requestOf(options: ExecContainerOptions): StoredExecRequest {
  const { command, env, workdir, user, terminal, interactive } = options;
  return {
    command,
    env,
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    terminal,
    interactive,
  };
}

interface ExecSession {
  readonly exec: StartedExec;
  readonly container: StoredContainer;
  readonly options: ExecContainerOptions;
  readonly readers: OutputReaders;
}

/** Its holder was killed. The process goes on, and has another one from now on. */
async function attachAgain(session: ExecSession, killedHolders = 0): Promise<AttachEnd> {
  const { exec, container } = session;
  const { connectToNewExecHolder, lastStatus } = await import("./adopt-exec.ts");
  const { surroundings, folder } = container;
  const place = { surroundings, container: folder.id, id: exec.folder.id };
  using next = await connectToNewExecHolder(place, killedHolders);
  if (next === undefined) {
    const status = lastStatus(place);
    return status === undefined ? { kind: "disconnected" } : { kind: "exited", status };
  }
  const end = await attachTo(next.socketFd, session);
  return end.kind === "disconnected" ? await attachAgain(session, next.killedHolders) : end;
}

async function attachTo(
  socketFd: number,
  { exec, container: { surroundings }, options, readers }: ExecSession,
): Promise<AttachEnd> {
  using target = openLiveProcess(exec.start);
  const { interactive, terminal } = options;
  // Raw mode is for the terminal that is read from; its size can be that of the one that is written to.
  const candidates = interactive ? [STDIN] : [STDIN, STDOUT];
  const terminalFd = terminal ? candidates.find((fd) => isTerminal(fd)) : undefined;
  return await attach({
    socketFd,
    wait: await waitOf(options),
    primary: true,
    inputFd: interactive ? STDIN : undefined,
    outputFd: STDOUT,
    errorFd: STDERR,
    terminalFd,
    ...(terminalFd === undefined ? {} : { detachKeys: detachKeys(surroundings, options) }),
    onOutputClosed: (stream) => {
      readers.close(stream);
    },
    onSignal: (signal) => {
      // It may have ended in this moment: then there is nobody to tell.
      if (target !== undefined) {
        trySignalPidfd(target.number, signal);
      }
    },
  });
}

function ownTerminalSize(): ConsoleSize | undefined {
  const size = terminalSize(STDIN) ?? terminalSize(STDOUT);
  return size === undefined ? undefined : { height: size.rows, width: size.columns };
}

function unknownEnd({ record }: StoredContainer): OcicatError {
  return new OcicatError("unavailable", {
    operation: "exec in",
    subject: `container ${quote(record.name)}`,
    reason: "the process's holder ended without telling how the process did",
  });
}
