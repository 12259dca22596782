// The client of a holder that `ocicat run` and `attach` are: it carries bytes between the terminal or
// the pipes of this process and the container, forwards signals, and ends with the container.
//
// It is one loop around poll. A short command stands still in it, without the event loop, so that nothing
// is started that it would have to pay for, and has the relay do what it does most; a program that has other
// things to do waits in its own.

import { POLLIN, POLLOUT, SIGCONT, SIGWINCH } from "../abi/process.ts";
import { type Awaited, poll } from "../sys/poll.ts";
import type { ExitStatus } from "../sys/process.ts";
import { SignalCatcher } from "../sys/signal-catcher.ts";
import { RawTerminal, type TerminalSize, terminalSize } from "../sys/terminal.ts";
import {
  encodeCloseOutput,
  encodeCloseStdin,
  encodeHello,
  encodeResize,
  type HolderFrame,
  type OutputStream,
  STDERR,
  STDOUT,
} from "./attach-protocol.ts";
import { attachSignals } from "./attach-signals.ts";
import { DEFAULT_DETACH_KEYS } from "./detach-keys.ts";
import { HolderConnection } from "./holder-connection.ts";
import { type Input, LocalInput, LocalOutput } from "./local-streams.ts";
import { canRelay, Relay } from "./relay.ts";

/** `poll`, or `pollInLoop`. */
export type Wait = (awaited: readonly Awaited[]) => readonly number[] | Promise<readonly number[]>;

export interface AttachRequest {
  /** Connected to the holder; the caller closes it. */
  readonly socketFd: number;
  readonly primary: boolean;
  /** What the container reads; undefined leaves its input alone. */
  readonly inputFd: number | undefined;
  readonly outputFd: number;
  readonly errorFd: number;
  /**
   * This process's terminal, for a container that has one: its size and, if there is an input, raw mode
   * and the detach keys.
   */
  readonly terminalFd: number | undefined;
  /** See parseDetachKeys; without it the default. They count only with a terminal. */
  readonly detachKeys?: readonly number[];
  /** The terminal has this size, at first and whenever it changes. */
  readonly onResize?: (size: TerminalSize) => void;
  /** The reader of the stream has gone: called before the holder is told. */
  readonly onOutputClosed?: (stream: OutputStream) => void;
  /** Those that are taken; attachSignals() when absent. */
  readonly signals?: readonly number[];
  /** What was sent to this process and is meant for the container. */
  readonly onSignal: (signal: number) => void;
  readonly wait: Wait;
}

export type AttachEnd =
  /** The container has ended and all its output is written; nobody knows a status that is undefined. */
  | { readonly kind: "exited"; readonly status: ExitStatus | undefined }
  | { readonly kind: "detached" }
  /** The holder went without a word: it was killed, or it found this client too slow. */
  | { readonly kind: "disconnected" };

/** One at a time: signals, standard input and the terminal are the whole process's. */
export async function attach(request: AttachRequest): Promise<AttachEnd> {
  using signals = new SignalCatcher(request.signals ?? attachSignals());
  const { terminalFd, inputFd } = request;
  // Without input the keys are not the container's: ctrl-c stays a signal, which is passed on.
  const isRaw = terminalFd !== undefined && inputFd !== undefined;
  using raw = isRaw ? new RawTerminal(terminalFd) : undefined;
  return await new Attachment(request, signals, raw).run();
}

/** What is being written to a local stream; the frames behind it wait. */
interface Writing {
  readonly output: LocalOutput;
  readonly stream: OutputStream;
  content: Uint8Array;
}

class Attachment {
  readonly #request: AttachRequest;
  readonly #signals: SignalCatcher;
  readonly #relay = new Relay();
  readonly #raw: RawTerminal | undefined;
  readonly #connection: HolderConnection;
  readonly #outputs: Readonly<Record<OutputStream, LocalOutput>>;
  #input: LocalInput | undefined;
  #writing: Writing | undefined;
  /** Changed in place: whoever types waits for what is made. */
  readonly #waiting = {
    signals: { fd: -1, events: POLLIN },
    input: { fd: -1, events: POLLIN },
    socket: { fd: -1, events: POLLIN },
    output: { fd: -1, events: POLLOUT },
  };
  readonly #table = Object.values(this.#waiting);
  #resizeIsDue: boolean;
  #end: AttachEnd | undefined;

  constructor(request: AttachRequest, signals: SignalCatcher, raw: RawTerminal | undefined) {
    this.#request = request;
    this.#signals = signals;
    this.#raw = raw;
    this.#resizeIsDue = request.terminalFd !== undefined;
    this.#connection = new HolderConnection(request.socketFd);
    this.#outputs = {
      [STDOUT]: new LocalOutput(request.outputFd),
      [STDERR]: new LocalOutput(request.errorFd),
    };
    if (request.inputFd !== undefined) {
      const keys = raw === undefined ? [] : (request.detachKeys ?? DEFAULT_DETACH_KEYS);
      this.#input = new LocalInput(request.inputFd, keys);
    }
  }

  async run(): Promise<AttachEnd> {
    this.#connection.post(encodeHello({ primary: this.#request.primary }));
    for (;;) {
      this.#resizeIfDue();
      this.#relayIfPossible();
      if (this.#end !== undefined) {
        return this.#end;
      }
      const happened = this.#request.wait(this.#awaited());
      // Without a turn of the event loop, where there is none.
      this.#take(happened instanceof Promise ? await happened : happened);
      if (this.#end !== undefined) {
        return this.#end;
      }
    }
  }

  /** Returns when there is something that the relay leaves to the others. */
  #relayIfPossible(): void {
    const ends = {
      signalsFd: this.#signals.fd,
      connection: this.#connection,
      input: this.#input,
      output: this.#outputs[STDOUT],
    };
    // Where the event loop goes on, nothing stands still.
    while (this.#request.wait === poll && this.#writing === undefined && canRelay(ends)) {
      const end = this.#relay.run(ends);
      if (end.kind === "event") {
        return;
      }
      if (end.kind === "typed" && ends.input !== undefined) {
        this.#takeInput(ends.input.take(end.count), end.sent);
      }
      this.#takeFrames();
      if (this.#end !== undefined || this.#input !== ends.input) {
        return;
      }
    }
  }

  /**
   * A descriptor of which nothing is wanted now is -1, which poll passes over: otherwise it would
   * report a hang-up again and again.
   */
  #awaited(): readonly Awaited[] {
    const connection = this.#connection;
    const writing = this.#writing;
    const { signals, input, socket, output } = this.#waiting;
    const socketEvents =
      connection.eventsToSend() | (writing === undefined ? connection.eventsToReceive() : 0);
    signals.fd = this.#signals.fd;
    input.fd = connection.isIdle ? (this.#input?.fd ?? -1) : -1;
    socket.fd = socketEvents === 0 ? -1 : connection.fd;
    socket.events = socketEvents;
    output.fd = writing?.output.fd ?? -1;
    return this.#table;
  }

  #take(happened: readonly number[]): void {
    const signalled = happened[0] ?? 0;
    const typed = happened[1] ?? 0;
    const arrived = happened[2] ?? 0;
    const writable = happened[3] ?? 0;
    const connection = this.#connection;
    const writing = this.#writing;
    if (signalled !== 0) {
      this.#takeSignals();
    }
    if (typed !== 0 && this.#input !== undefined) {
      this.#takeInput(this.#input.read());
    }
    if ((arrived & POLLOUT) !== 0) {
      connection.flush();
    }
    if ((arrived & ~POLLOUT) !== 0 && writing === undefined) {
      connection.receive();
    }
    if (writable !== 0 && writing !== undefined) {
      this.#write(writing);
    }
    this.#takeFrames();
  }

  #takeSignals(): void {
    for (;;) {
      const signal = this.#signals.next();
      if (signal === undefined) {
        return;
      }
      if (signal === SIGWINCH || signal === SIGCONT) {
        this.#resizeIsDue = this.#request.terminalFd !== undefined;
      }
      if (signal === SIGCONT) {
        this.#raw?.apply();
      }
      if (signal !== SIGWINCH) {
        this.#request.onSignal(signal);
      }
    }
  }

  /** Waits for the frames before it, so that many changes of size become one frame. */
  #resizeIfDue(): void {
    const { terminalFd } = this.#request;
    if (!this.#resizeIsDue || !this.#connection.isIdle || terminalFd === undefined) {
      return;
    }
    this.#resizeIsDue = false;
    const size = terminalSize(terminalFd);
    if (size !== undefined) {
      this.#connection.post(encodeResize(size));
      this.#request.onResize?.(size);
    }
  }

  /** `sent`: how much of the frame has been sent already. */
  #takeInput(input: Input, sent = 0): void {
    switch (input.kind) {
      case "nothing":
        return;
      case "content":
        this.#connection.post(sent === 0 ? input.frame : input.frame.subarray(sent));
        return;
      case "end":
        this.#input = undefined;
        this.#connection.post(encodeCloseStdin());
        return;
      case "detach":
        if (input.frame !== undefined) {
          this.#connection.post(input.frame);
        }
        this.#end = { kind: "detached" };
        return;
    }
  }

  #takeFrames(): void {
    while (this.#writing === undefined && this.#end === undefined) {
      const frame = this.#connection.next();
      if (frame === undefined) {
        if (this.#connection.isOver) {
          this.#end = { kind: "disconnected" };
        }
        return;
      }
      this.#obey(frame);
    }
  }

  #obey(frame: HolderFrame): void {
    switch (frame.type) {
      case "hello":
      case "log-reopened":
      case "settle":
        return;
      case "exit":
        this.#end = { kind: "exited", status: frame.status };
        return;
      case "output": {
        const { stream, content } = frame;
        const output = this.#outputs[stream];
        if (output.isOpen) {
          const writing = { output, stream, content };
          this.#writing = writing;
          // Mostly there is room: an echo is not kept waiting for another round.
          if (output.isReady) {
            this.#write(writing);
          }
        }
        return;
      }
    }
  }

  #write(writing: Writing): void {
    writing.content = writing.output.write(writing.content);
    if (!writing.output.isOpen) {
      this.#request.onOutputClosed?.(writing.stream);
      this.#connection.post(encodeCloseOutput(writing.stream));
    }
    if (writing.content.length === 0) {
      this.#writing = undefined;
    }
  }
}
