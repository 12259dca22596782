// System calls by name. `call` is for the places that expect failures and look at -errno; `checked`
// throws the error that names operation and subject.

import type { SyscallName } from "../abi/architecture.ts";
import { Errno } from "../error/errno.ts";
import { quote, systemError } from "../error/ocicat-error.ts";
import { hostArchitecture, rawSyscall } from "./entry.ts";

/** Called before every system call, with its number in the sequence: tests stop a process there. */
type CallObserver = (sequenceNumber: number, name: SyscallName) => void;

let observer: CallObserver | undefined;
let sequenceNumber = 0;

export function observeCalls(callback: CallObserver | undefined): void {
  observer = callback;
  sequenceNumber = 0;
}

/** openat2 gives up on a path with ".." when something was renamed or mounted meanwhile, anywhere. */
const MOST_TRIES = 100_000;

function mustRepeat(name: SyscallName, result: number, tries: number): boolean {
  const isRace = result === -Errno.EAGAIN && name === "openat2" && tries < MOST_TRIES;
  return result === -Errno.EINTR || isRace;
}

/**
 * The result of the call, or -errno. Interrupted calls are made again. What is left out is 0; that it is not said
 * here keeps a third of an engine's work that compiles nothing.
 */
// biome-ignore lint/complexity/useMaxParams: a system call has six arguments, and a list of them costs time
export function call(
  name: SyscallName,
  a0?: number,
  a1?: number,
  a2?: number,
  a3?: number,
  a4?: number,
  a5?: number,
): number {
  if (observer !== undefined) {
    sequenceNumber += 1;
    observer(sequenceNumber, name);
  }
  const number = hostArchitecture.syscalls[name];
  let result = rawSyscall(number, a0, a1, a2, a3, a4, a5);
  for (let tries = 1; result < 0 && mustRepeat(name, result, tries); tries += 1) {
    result = rawSyscall(number, a0, a1, a2, a3, a4, a5);
  }
  return result;
}

/** Throws for a negative result; returns it otherwise. */
export function checked(result: number, operation: string, subject: string): number {
  if (result < 0) {
    throw systemError(-result, operation, subject);
  }
  return result;
}

/** The same, of a path: nearly none is ever quoted. */
export function checkedFile(result: number, operation: string, path: string): number {
  return result < 0 ? checked(result, operation, quote(path)) : result;
}
