// Starts a program in a stage process, and speaks with it over a socket:
//
//   stage -> us    records of 16 bytes: kind u32, op index u32, value i64
//   us -> stage    one message for each `receive` of the program
//
// End of file on either side means that the other is gone.

import { F_DUPFD_CLOEXEC, F_SETFD } from "../abi/file.ts";
import { MSG_NOSIGNAL, POLLIN, SIGKILL, SOCK_SEQPACKET } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { encodeProgram } from "../program/encode.ts";
import { REPORT_BYTES, REPORT_KILL } from "../program/opcodes.ts";
import type { Program } from "../program/program.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { sealedData } from "../sys/executable.ts";
import { OwnedFd } from "../sys/file.ts";
import { encodeText, words } from "../sys/memory.ts";
import { poll } from "../sys/poll.ts";
import { type ChildCall, type ExitStatus, spawn, waitForPid } from "../sys/process.ts";
import { socketPair } from "../sys/socket.ts";
import { stageExecutable } from "./stage-executable.ts";

export interface StageOptions {
  /** Descriptors that the program names by their numbers: they stay open in the stage. */
  readonly keepFds?: readonly number[];
  /** Descriptors that get another number in the stage, up to 15: what it held there is closed. */
  readonly placeFds?: readonly { readonly from: number; readonly to: number }[];
  /** The stage goes on when the program's other processes have ended: as a holder. */
  readonly staysBehind?: boolean;
  /** Tests: SIGKILL ends this process before op `op` is executed. */
  readonly killAtOp?: number | undefined;
}

const SHUT_WR = 1;
/** Longer than a process that runs no hook needs; what is left then is killed with its cgroup. */
const ABANDON_TIMEOUT_MS = 5000;

export interface StageReport {
  readonly kind: number;
  readonly op: number;
  readonly value: number;
}

/** A running stage. Dispose it to close our end of its socket; that alone ends an uncommitted one. */
export class StageProcess implements Disposable {
  readonly pid: number;
  readonly program: Program;
  readonly #socket: OwnedFd;
  readonly #staysBehind: boolean;

  constructor(pid: number, program: Program, socket: OwnedFd, staysBehind: boolean) {
    this.pid = pid;
    this.program = program;
    this.#socket = socket;
    this.#staysBehind = staysBehind;
  }

  get socketFd(): number {
    return this.#socket.number;
  }

  /** The next report; undefined when every process of the program has closed its end. */
  receive(): StageReport | undefined {
    return receiveReport(this.#socket.number);
  }

  /** What the program's next `receive` gets. Silent when the stage is gone: its reports tell why. */
  send(message: string | Uint8Array): void {
    const content = typeof message === "string" ? encodeText(message) : message;
    const args = [this.#socket.number, addressOf(content), content.length, MSG_NOSIGNAL] as const;
    const result = call("sendto", ...args);
    if (result !== -Errno.EPIPE && result !== -Errno.ECONNRESET) {
      checked(result, "send a message to", "the stage");
    }
  }

  /** Waits for the stage to end; nothing is received from it any more. */
  awaitEnd(): ExitStatus {
    this[Symbol.dispose]();
    return waitForPid(this.pid);
  }

  /**
   * After a failure: waits until the program's processes have ended, which each does as soon as it has
   * reported or asks for an answer, and reaps the stage.
   */
  abandon(): void {
    call("shutdown", this.socketFd, SHUT_WR);
    const deadline = performance.now() + ABANDON_TIMEOUT_MS;
    let isSilent = false;
    while (performance.now() < deadline && !isSilent) {
      isSilent = this.#isSilent(deadline);
    }
    // One that ends by itself reaps its children first: nobody else would.
    if (!isSilent || this.#staysBehind) {
      call("kill", this.pid, SIGKILL);
    }
    this.awaitEnd();
  }

  /** Waits for a report or the end of all of them; whether that was the end. */
  #isSilent(deadline: number): boolean {
    const [events] = poll([{ fd: this.socketFd, events: POLLIN }], deadline - performance.now());
    return events !== 0 && this.receive() === undefined;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** One report from a socket that a stage process writes to. */
export function receiveReport(socketFd: number): StageReport | undefined {
  const record = words(REPORT_BYTES / 4);
  const receive = () => call("recvfrom", socketFd, addressOf(record), REPORT_BYTES, 0);
  let result = receive();
  if (result === -Errno.ECONNRESET) {
    // The other end closed before it read all that we sent. The kernel tells this once, ahead of the
    // reports that are still in the queue.
    result = receive();
  }
  if (result === 0 || result === -Errno.ECONNRESET) {
    return undefined;
  }
  checked(result, "receive a report from", "the stage");
  if (result !== REPORT_BYTES) {
    throw new OcicatError("internal", {
      operation: "receive",
      subject: "a report from the stage",
      reason: `it has ${result} bytes, not ${REPORT_BYTES}`,
    });
  }
  const [kind = 0, op = 0, low = 0, high = 0] = record;
  if (kind === REPORT_KILL) {
    call("kill", call("getpid"), SIGKILL);
  }
  return { kind, op, value: (high | 0) * 0x1_0000_0000 + low };
}

const STANDARD_FDS = [0, 1, 2];
/** Above every number that placeFds may name. */
const FIRST_SAFE_FD = 16;

export function launchProgram(program: Program, options: StageOptions = {}): StageProcess {
  const { keepFds = [], placeFds = [], killAtOp } = options;
  using executable = movedAside(stageExecutable(), placeFds.length > 0);
  const content = encodeProgram(program, { killAtOp });
  const sealedFd = sealedData("ocicat-program", content);
  using programFd = movedAside(new OwnedFd(sealedFd), placeFds.length > 0);
  const [ours, theirs] = socketPair(SOCK_SEQPACKET);
  using ourSocket = new OwnedFd(ours);
  using theirSocket = movedAside(new OwnedFd(theirs), placeFds.length > 0);
  // Of standard descriptors that were closed Bun has made the null device, but close-on-exec.
  const inherited = [...STANDARD_FDS, programFd.number, theirSocket.number, ...keepFds];
  const prepare: ChildCall[] = inherited.map((fd) => ["fcntl", fd, F_SETFD, 0]);
  for (const { from, to } of placeFds) {
    prepare.push(["dup3", from, to, 0]);
  }
  const pid = spawn(
    {
      executableFd: executable.number,
      args: ["ocicat-stage", String(programFd.number), String(theirSocket.number)],
      environment: [],
      prepare,
    },
    "the stage",
  );
  return new StageProcess(
    pid,
    program,
    new OwnedFd(ourSocket.release()),
    options.staysBehind === true,
  );
}

/** The same file under a number that placing others cannot hit. */
function movedAside(fd: OwnedFd, isNeeded: boolean): OwnedFd {
  if (!isNeeded || fd.number >= FIRST_SAFE_FD) {
    return fd;
  }
  using low = fd;
  const moved = call("fcntl", low.number, F_DUPFD_CLOEXEC, FIRST_SAFE_FD);
  return new OwnedFd(checked(moved, "duplicate", "a descriptor"));
}
