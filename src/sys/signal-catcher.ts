// Signals as something to read, whatever threads the process has, real-time signals included. A
// signalfd would need every thread to block them, and the JavaScript engine's threads do not;
// process.on needs the event loop and cannot catch real-time signals.
//
// So a handler in machine code writes each signal's number into a pipe, on whichever thread it comes:
//
//    0  handler(signal): write(fd, &signal, 4)
//   48  rt_sigreturn, for the processors on which a handler returns to the caller's code
//   60  fd, u32
//
// The code is mapped from a memfd, so that its page is never writable and executable at once.

import { MFD_CLOEXEC, O_CLOEXEC, O_NONBLOCK } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { call, checked } from "./call.ts";
import { addressOf, hostArchitecture } from "./entry.ts";
import { close, OwnedFd, writeAll } from "./file.ts";
import { bytes, cstring, getU64, setU64, words } from "./memory.ts";

const CODE_BYTES = 64;
const RETURN_OFFSET = 48;
const FD_OFFSET = 60;
const PAGE_BYTES = 4096;
const PROT_READ_EXECUTE = 5;
const MAP_PRIVATE = 2;

const SIG_IGN = 1;
const SA_RESTORER = 0x0400_0000;
const SA_RESTART = 0x1000_0000;
const SIGNAL_SET_BYTES = 8;

/** struct sigaction of the kernel: handler, flags, restorer, mask, 64 bits each. */
const ACTION_WORDS = 8;
const ACTION_BYTES = ACTION_WORDS * 4;
const SIGNALS = 65;

export class SignalCatcher implements Disposable {
  /** Readable when a signal has come. */
  readonly fd: number;
  readonly #writeFd: number;
  readonly #page: number;
  /** The actions that were, by signal: in one piece, since there are 62 signals on a short path. */
  readonly #before = words(SIGNALS * ACTION_WORDS);
  readonly #caught: number[] = [];
  readonly #signal = words(1);

  /** Signals that are ignored stay so: whoever started this process wants it (nohup). */
  constructor(signals: readonly number[]) {
    [this.fd, this.#writeFd] = makePipe();
    this.#page = mapHandler(this.#writeFd);
    const action = words(ACTION_WORDS).fill(0xffff_ffff);
    setU64(action, 0, this.#page);
    setU64(action, 2, SA_RESTORER | SA_RESTART);
    setU64(action, 4, this.#page + RETURN_OFFSET);
    const to = addressOf(action);
    const from = addressOf(this.#before);
    for (const signal of signals) {
      const before = from + signal * ACTION_BYTES;
      checked(call("rt_sigaction", signal, 0, before, SIGNAL_SET_BYTES), "catch", "a signal");
      if (getU64(this.#before, signal * ACTION_WORDS) !== SIG_IGN) {
        checked(call("rt_sigaction", signal, to, 0, SIGNAL_SET_BYTES), "catch", "a signal");
        this.#caught.push(signal);
      }
    }
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
    const before = addressOf(this.#before);
    for (const signal of this.#caught) {
      call("rt_sigaction", signal, before + signal * ACTION_BYTES, 0, SIGNAL_SET_BYTES);
    }
    close(this.fd);
    close(this.#writeFd);
    call("munmap", this.#page, PAGE_BYTES);
  }
}

/** Whether this process ignores a signal: whoever started it may want that (nohup). */
export function isSignalIgnored(signal: number): boolean {
  const action = words(ACTION_WORDS);
  const result = call("rt_sigaction", signal, 0, addressOf(action), SIGNAL_SET_BYTES);
  checked(result, "look at", "a signal");
  return getU64(action, 0) === SIG_IGN;
}

function makePipe(): [readFd: number, writeFd: number] {
  const ends = words(2);
  checked(call("pipe2", addressOf(ends), O_CLOEXEC | O_NONBLOCK), "make", "a pipe");
  return [ends[0] ?? -1, ends[1] ?? -1];
}

function mapHandler(fd: number): number {
  const code = bytes(CODE_BYTES);
  code.set(Uint8Array.fromHex(hostArchitecture.signalHandler), 0);
  new DataView(code.buffer).setUint32(FD_OFFSET, fd, true);
  const subject = "a signal handler";
  const memfd = checked(call("memfd_create", cstring("handler"), MFD_CLOEXEC), "make", subject);
  using file = new OwnedFd(memfd);
  writeAll(file.number, code, subject);
  const args = [0, PAGE_BYTES, PROT_READ_EXECUTE, MAP_PRIVATE, file.number, 0] as const;
  return checked(call("mmap", ...args), "map", subject);
}
