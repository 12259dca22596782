// Signals as something to read (native/signals.h). A signalfd would need every thread to block them, and
// the JavaScript engine's threads do not; process.on needs the event loop and cannot catch real-time signals.

import { O_CLOEXEC, O_NONBLOCK } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { call, checked } from "./call.ts";
import { addressOf, rawCatchSignals, rawRestoreSignals, type SignalSet } from "./entry.ts";
import { close } from "./file.ts";
import { getU64, words } from "./memory.ts";

const SIG_IGN = 1;
const SIGNAL_SET_BYTES = 8;

/** struct sigaction of the kernel: handler, flags, restorer, mask, 64 bits each. */
const ACTION_WORDS = 8;
const ACTIONS = 65;

export class SignalCatcher implements Disposable {
  /** Readable when a signal has come. */
  readonly fd: number;
  readonly #writeFd: number;
  readonly #signals: SignalSet;
  readonly #before = words(ACTIONS * ACTION_WORDS);
  readonly #signal = words(1);

  /** Signals that are ignored stay so: whoever started this process wants it (nohup). */
  constructor(signals: readonly number[]) {
    [this.fd, this.#writeFd] = makePipe();
    this.#signals = signalSet(signals);
    const result = rawCatchSignals(this.#signals, this.#writeFd, addressOf(this.#before));
    checked(result, "catch", "a signal");
  }

  /** The next signal that came; undefined if there is none. */
  next(): number | undefined {
    const count = call("read", this.fd, addressOf(this.#signal), 4);
    if (count === -Errno.EAGAIN) {
      return undefined;
    }
    checked(count, "read", "a signal");
    return this.#signal[0];
  }

  [Symbol.dispose](): void {
    rawRestoreSignals(this.#signals, addressOf(this.#before));
    close(this.fd);
    close(this.#writeFd);
  }
}

/** Whether this process ignores a signal: whoever started it may want that (nohup). */
export function isSignalIgnored(signal: number): boolean {
  const action = words(ACTION_WORDS);
  const result = call("rt_sigaction", signal, 0, addressOf(action), SIGNAL_SET_BYTES);
  checked(result, "look at", "a signal");
  return getU64(action, 0) === SIG_IGN;
}

function signalSet(signals: readonly number[]): SignalSet {
  let [low, high] = [0, 0];
  for (const signal of signals) {
    if (signal <= 32) {
      low |= 1 << (signal - 1);
    } else {
      high |= 1 << (signal - 33);
    }
  }
  return [low >>> 0, high >>> 0];
}

function makePipe(): [readFd: number, writeFd: number] {
  const ends = words(2);
  checked(call("pipe2", addressOf(ends), O_CLOEXEC | O_NONBLOCK), "make", "a pipe");
  return [ends[0] ?? -1, ends[1] ?? -1];
}
