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
type SignalAction = Uint32Array<ArrayBuffer>;

export class SignalCatcher implements Disposable {
  /** Readable when a signal has come. */
  readonly fd: number;
  readonly #writeFd: number;
  readonly #page: number;
  readonly #before = new Map<number, SignalAction>();
  readonly #signal = words(1);

  /** Signals that are ignored stay so: whoever started this process wants it (nohup). */
  constructor(signals: readonly number[]) {
    [this.fd, this.#writeFd] = makePipe();
    this.#page = mapHandler(this.#writeFd);
    const action = words(ACTION_WORDS).fill(0xffff_ffff);
    setU64(action, 0, this.#page);
    setU64(action, 2, SA_RESTORER | SA_RESTART);
    setU64(action, 4, this.#page + RETURN_OFFSET);
    for (const signal of signals) {
      const before = words(ACTION_WORDS);
      changeAction(signal, undefined, before);
      if (getU64(before, 0) !== SIG_IGN) {
        changeAction(signal, action, undefined);
        this.#before.set(signal, before);
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
    for (const [signal, action] of this.#before) {
      call("rt_sigaction", signal, addressOf(action), 0, SIGNAL_SET_BYTES);
    }
    close(this.fd);
    close(this.#writeFd);
    call("munmap", this.#page, PAGE_BYTES);
  }
}

function changeAction(
  signal: number,
  action: SignalAction | undefined,
  before: SignalAction | undefined,
): void {
  const addresses = [action, before].map((each) => (each === undefined ? 0 : addressOf(each)));
  const [to = 0, from = 0] = addresses;
  checked(call("rt_sigaction", signal, to, from, SIGNAL_SET_BYTES), "catch", `signal ${signal}`);
}

function makePipe(): [readFd: number, writeFd: number] {
  const ends = words(2);
  checked(call("pipe2", addressOf(ends), O_CLOEXEC | O_NONBLOCK), "make", "a pipe");
  return [ends[0] ?? -1, ends[1] ?? -1];
}

function mapHandler(fd: number): number {
  const code = bytes(CODE_BYTES);
  code.set(Uint8Array.fromHex(hostArchitecture.entryCode.signalHandler), 0);
  new DataView(code.buffer).setUint32(FD_OFFSET, fd, true);
  const subject = "a signal handler";
  const memfd = checked(call("memfd_create", cstring("handler"), MFD_CLOEXEC), "make", subject);
  using file = new OwnedFd(memfd);
  writeAll(file.number, code, subject);
  const args = [0, PAGE_BYTES, PROT_READ_EXECUTE, MAP_PRIVATE, file.number, 0] as const;
  return checked(call("mmap", ...args), "map", subject);
}
