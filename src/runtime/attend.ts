// A command that stays until the container's process has ended: it passes signals on, and with a
// terminal carries bytes and sizes between this process's terminal and the container's.
//
// One synchronous loop around poll, without the event loop.

import { F_GETFL, F_SETFL, O_NONBLOCK } from "../abi/file.ts";
import { POLLIN, POLLOUT, SIGCONT, SIGWINCH, SOCK_STREAM } from "../abi/process.ts";
import { attachSignals } from "../holder/attach-signals.ts";
import { LocalInput, LocalOutput } from "../holder/local-streams.ts";
import type { ConsoleSize } from "../oci/process.ts";
import { call, checked } from "../sys/call.ts";
import { OwnedFd } from "../sys/file.ts";
import { type Awaited, poll } from "../sys/poll.ts";
import { tryOpenPidfd, trySignalPidfd } from "../sys/process.ts";
import { SignalCatcher } from "../sys/signal-catcher.ts";
import { receiveMessage, socketPair } from "../sys/socket.ts";
import { isTerminal, RawTerminal, setTerminalSize, terminalSize } from "../sys/terminal.ts";
import type { Notified } from "./run.ts";

const NOTHING: Awaited = { fd: -1, events: 0 };
const STDIN = 0;
const STDOUT = 1;
/** The terminal comes with its name, as runc's console socket has it. */
const PAYLOAD_LIMIT = 4096;

/**
 * From before the launch, so that no signal is lost, until the process has ended. `consoleFd` is where
 * the container sends its terminal, if it has one.
 */
export class Attendance implements Disposable {
  readonly consoleFd: number;
  readonly #signals = new SignalCatcher(attachSignals());
  readonly #ours: OwnedFd;
  readonly #theirs: OwnedFd;

  constructor() {
    const [ours, theirs] = socketPair(SOCK_STREAM);
    this.#ours = new OwnedFd(ours);
    this.#theirs = new OwnedFd(theirs);
    this.consoleFd = theirs;
  }

  /** Returns when the stage, our child, has ended: it does as the process does. */
  attend(stagePid: number, processPid: number, notified?: Notified): void {
    using stage = new OwnedFd(checked(tryOpenPidfd(stagePid), "watch", "the stage"));
    using target = openIfAlive(processPid);
    using master = this.#receiveMaster();
    const request = {
      signals: this.#signals,
      stageFd: stage.number,
      targetFd: target?.number,
      notified,
    };
    if (master === undefined) {
      forwardSignals(request);
      return;
    }
    using raw = isTerminal(STDIN) ? new RawTerminal(STDIN) : undefined;
    new TerminalPump(request, master.number, raw).run();
  }

  /** It was sent, if at all, before the process was executed. */
  #receiveMaster(): OwnedFd | undefined {
    const [events = 0] = poll([{ fd: this.#ours.number, events: POLLIN }], 0);
    if ((events & POLLIN) === 0) {
      return undefined;
    }
    const [fd] = receiveMessage(this.#ours.number, PAYLOAD_LIMIT).descriptors;
    return fd === undefined ? undefined : new OwnedFd(fd);
  }

  [Symbol.dispose](): void {
    this.#signals[Symbol.dispose]();
    this.#ours[Symbol.dispose]();
    this.#theirs[Symbol.dispose]();
  }
}

/** Of this process's terminal, so that the container's has its size from the first moment. */
export function ownTerminalSize(): ConsoleSize | undefined {
  const size = terminalSize(STDIN) ?? terminalSize(STDOUT);
  return size === undefined ? undefined : { height: size.rows, width: size.columns };
}

function openIfAlive(pid: number): OwnedFd | undefined {
  const fd = tryOpenPidfd(pid);
  return fd < 0 ? undefined : new OwnedFd(fd);
}

interface AttendRequest {
  readonly signals: SignalCatcher;
  readonly stageFd: number;
  readonly targetFd: number | undefined;
  /** A notify socket of the container. */
  readonly notified: Notified | undefined;
}

function forwardSignals(request: AttendRequest): void {
  const awaited = [
    { fd: request.signals.fd, events: POLLIN },
    { fd: request.stageFd, events: POLLIN },
    awaitedNotice(request),
  ];
  for (;;) {
    const [signalled = 0, ended = 0, notice = 0] = poll(awaited);
    if (notice !== 0) {
      request.notified?.onReadable();
    }
    if (signalled !== 0) {
      forwardPending(request, () => undefined);
    }
    if (ended !== 0) {
      return;
    }
  }
}

function awaitedNotice({ notified }: AttendRequest): Awaited {
  return notified === undefined ? NOTHING : { fd: notified.fd, events: POLLIN };
}

/** `onOwn` gets those that are about our terminal. The process may have ended: then there is no one to tell. */
function forwardPending(
  { signals, targetFd }: AttendRequest,
  onOwn: (signal: number) => void,
): void {
  for (let signal = signals.next(); signal !== undefined; signal = signals.next()) {
    if (signal === SIGWINCH || signal === SIGCONT) {
      onOwn(signal);
    }
    if (signal !== SIGWINCH && targetFd !== undefined) {
      trySignalPidfd(targetFd, signal);
    }
  }
}

class TerminalPump {
  readonly #request: AttendRequest;
  readonly #masterFd: number;
  readonly #raw: RawTerminal | undefined;
  readonly #master: LocalOutput;
  readonly #fromMaster: LocalInput;
  readonly #output = new LocalOutput(STDOUT);
  #input: LocalInput | undefined = new LocalInput(STDIN, []);
  /** What is on its way; nothing more is read before it has left. */
  #typed: Uint8Array = new Uint8Array();
  #shown: Uint8Array = new Uint8Array();
  #masterIsOpen = true;

  constructor(request: AttendRequest, masterFd: number, raw: RawTerminal | undefined) {
    this.#request = request;
    this.#masterFd = masterFd;
    this.#raw = raw;
    const status = checked(call("fcntl", masterFd, F_GETFL, 0), "read flags of", "the terminal");
    checked(call("fcntl", masterFd, F_SETFL, status | O_NONBLOCK), "change", "the terminal");
    this.#master = new LocalOutput(masterFd);
    this.#fromMaster = new LocalInput(masterFd, []);
  }

  run(): void {
    this.#resize();
    while (!this.#round()) {
      // Each round does what is ready.
    }
    this.#drain();
  }

  /** Whether the stage has ended. */
  #round(): boolean {
    const { signals, stageFd } = this.#request;
    const [signalled = 0, ended = 0, typed = 0, master = 0, writable = 0, notice = 0] = poll([
      { fd: signals.fd, events: POLLIN },
      { fd: stageFd, events: POLLIN },
      this.#awaitedInput(),
      this.#awaitedMaster(),
      this.#shown.length === 0 ? NOTHING : { fd: STDOUT, events: POLLOUT },
      awaitedNotice(this.#request),
    ]);
    if (notice !== 0) {
      this.#request.notified?.onReadable();
    }
    if (signalled !== 0) {
      forwardPending(this.#request, (signal) => this.#takeOwn(signal));
    }
    if (typed !== 0) {
      this.#readInput();
    }
    if ((master & POLLOUT) !== 0) {
      this.#typed = this.#master.write(this.#typed);
    }
    if ((master & ~POLLOUT) !== 0 && this.#shown.length === 0) {
      this.#readMaster();
    }
    if (writable !== 0) {
      this.#shown = this.#output.write(this.#shown);
    }
    return ended !== 0;
  }

  #awaitedInput(): Awaited {
    const input = this.#typed.length === 0 ? this.#input : undefined;
    return input === undefined ? NOTHING : { fd: input.fd, events: POLLIN };
  }

  #awaitedMaster(): Awaited {
    const toRead = this.#shown.length === 0 ? POLLIN : 0;
    const toWrite = this.#typed.length === 0 ? 0 : POLLOUT;
    const events = toRead | toWrite;
    return events === 0 || !this.#masterIsOpen ? NOTHING : { fd: this.#masterFd, events };
  }

  #readInput(): void {
    const input = this.#input?.read();
    if (input?.kind === "content") {
      this.#typed = this.#master.write(input.content);
    } else if (input?.kind === "end") {
      this.#input = undefined;
    }
  }

  /** A terminal whose other end nobody has open answers EIO: its end. */
  #readMaster(): boolean {
    const content = this.#fromMaster.read();
    if (content.kind === "end") {
      this.#masterIsOpen = false;
    }
    if (content.kind !== "content") {
      return false;
    }
    this.#shown = this.#output.write(content.content);
    return true;
  }

  #takeOwn(signal: number): void {
    if (signal === SIGCONT) {
      this.#raw?.apply();
    }
    this.#resize();
  }

  #resize(): void {
    const size = terminalSize(STDIN) ?? terminalSize(STDOUT);
    if (size !== undefined) {
      setTerminalSize(this.#masterFd, size);
    }
  }

  /** What the process had written before it ended. */
  #drain(): void {
    for (;;) {
      while (this.#shown.length > 0) {
        poll([{ fd: STDOUT, events: POLLOUT }]);
        this.#shown = this.#output.write(this.#shown);
      }
      if (!this.#masterIsOpen || !this.#readMaster()) {
        return;
      }
    }
  }
}
