// Processes: spawning by vfork, waiting, pidfds, signals.

import { AT_FDCWD } from "../abi/file.ts";
import {
  CLONE_VFORK,
  CLONE_VM,
  SIG_BLOCK,
  SIG_SETMASK,
  SIGCHLD,
  SIGKILL,
  SIGSTOP,
} from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, systemError } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf, hostArchitecture, rawSpawn } from "./entry.ts";
import { OwnedFd, readTextFileIfExists } from "./file.ts";
import { cstring, encodeText, setU64, words } from "./memory.ts";

/** One system call of the child, before its execve: its name and arguments. */
export type ChildCall = readonly [
  name: keyof typeof hostArchitecture.syscalls,
  ...args: readonly number[],
];

export type SpawnRequest = (
  | {
      /** An open descriptor of the executable: no script, whose interpreter could not open it again. */
      readonly executableFd: number;
    }
  | { readonly executablePath: string }
) & {
  readonly args: readonly string[];
  /** "NAME=value" each. */
  readonly environment: readonly string[];
  /** Made by the child in order; the first failure does not stop it, so only harmless ones belong here. */
  readonly prepare?: readonly ChildCall[];
};

const AT_EMPTY_PATH = 0x1000;
const WORDS_PER_ENTRY = 16;
const SIGNAL_SET_BYTES = 8;

/**
 * Starts a program without copying this process: the child shares its memory until execve, while
 * this thread waits. All signals are blocked meanwhile, so that no handler of ours runs in the child;
 * the child inherits the blocked set and has to reset it. Returns the pid.
 */
export function spawn(request: SpawnRequest, subject: string): number {
  const argv = stringVector(request.args);
  const envp = stringVector(request.environment);
  const prepare = request.prepare ?? [];
  const list = words((prepare.length + 1) * WORDS_PER_ENTRY);
  prepare.forEach((entry, index) => {
    writeEntry(list, index, entry);
  });
  const [directoryFd, path, atFlags] =
    "executableFd" in request
      ? [request.executableFd, cstring(""), AT_EMPTY_PATH]
      : [AT_FDCWD, cstring(request.executablePath), 0];
  const vectors = [addressOf(argv.pointers), addressOf(envp.pointers)] as const;
  const executable: ChildCall = ["execveat", directoryFd, path, ...vectors, atFlags];
  writeEntry(list, prepare.length, executable);
  const mask = blockAllSignals();
  const pid = rawSpawn(addressOf(list), prepare.length + 1, CLONE_VM | CLONE_VFORK | SIGCHLD);
  restoreSignals(mask);
  checked(pid, "start", subject);
  const errno = -((list[prepare.length * WORDS_PER_ENTRY + 14] ?? 0) | 0);
  if (errno > 0) {
    waitForPid(pid);
    throw systemError(errno, "execute", subject);
  }
  return pid;
}

function writeEntry(list: Uint32Array, index: number, [name, ...args]: ChildCall): void {
  const at = index * WORDS_PER_ENTRY;
  setU64(list, at, hostArchitecture.syscalls[name]);
  args.forEach((value, position) => {
    setU64(list, at + 2 + position * 2, value);
  });
}

interface StringVector {
  readonly pointers: Uint32Array<ArrayBuffer>;
  /** Kept with the pointers, so that it lives as long as they do. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/** A NULL-terminated array of C strings, as execve(2) takes it. */
function stringVector(strings: readonly string[]): StringVector {
  const text = encodeText(strings.map((string) => `${string}\0`).join(""));
  const pointers = words((strings.length + 1) * 2);
  const start = text.length === 0 ? 0 : addressOf(text);
  let offset = 0;
  strings.forEach((_, index) => {
    setU64(pointers, index * 2, start + offset);
    offset = text.indexOf(0, offset) + 1;
  });
  return { pointers, text };
}

export type SignalMask = Uint32Array<ArrayBuffer>;

/** Blocks every signal of this thread; returns the mask that was. */
export function blockAllSignals(): SignalMask {
  const all = words(2).fill(0xffff_ffff);
  const old = words(2);
  const args = [SIG_BLOCK, addressOf(all), addressOf(old), SIGNAL_SET_BYTES] as const;
  checked(call("rt_sigprocmask", ...args), "block", "signals");
  return old;
}

export function restoreSignals(mask: SignalMask): void {
  const args = [SIG_SETMASK, addressOf(mask), 0, SIGNAL_SET_BYTES] as const;
  checked(call("rt_sigprocmask", ...args), "restore", "the signal mask");
}

/** How a process ended: by its own exit, or by a signal. */
export type ExitStatus = { readonly code: number } | { readonly signal: number };

/** The exit status as a shell shows it: the code, or 128 + the signal. */
export function exitCodeOf(status: ExitStatus): number {
  return "code" in status ? status.code : 128 + status.signal;
}

/** Waits for a child to end and reaps it. */
export function waitForPid(pid: number): ExitStatus {
  const status = words(1);
  checked(call("wait4", pid, addressOf(status), 0, 0), "wait for", `process ${pid}`);
  const value = status[0] ?? 0;
  const signal = value & 0x7f;
  return signal === 0 ? { code: (value >> 8) & 0xff } : { signal };
}

/** A pidfd, close-on-exec as the kernel makes it, or -errno. */
export function tryOpenPidfd(pid: number): number {
  return call("pidfd_open", pid, 0);
}

/** 0 or -errno. */
export function trySignalPidfd(pidfd: number, signal: number): number {
  return call("pidfd_send_signal", pidfd, signal, 0, 0);
}

const PIDFD_SIGNAL_PROCESS_GROUP = 4;

/** SIGKILL for a process and the whole group that it leads. */
export function killGroup(pidfd: number, pid: number): void {
  const result = call("pidfd_send_signal", pidfd, SIGKILL, 0, PIDFD_SIGNAL_PROCESS_GROUP);
  if (result === 0) {
    return;
  }
  // Before Linux 6.9. One that has been stopped does not end, so that the number stays its own.
  if (trySignalPidfd(pidfd, SIGSTOP) === 0 && call("getpgid", pid) === pid) {
    call("kill", -pid, SIGKILL);
  }
  trySignalPidfd(pidfd, SIGKILL);
}

export function setChildSubreaper(): void {
  checked(call("prctl", 36, 1, 0, 0, 0), "become", "a child subreaper");
}

/** Identity of a process: a pid may be reused, a pid with its start time is not. */
export interface ProcessStat {
  /** "R", "S", "Z" (zombie), "X" ... as proc(5) has it. */
  readonly state: string;
  /** What the kernel calls its program, 15 bytes at most. */
  readonly name: string;
  readonly parentPid: number;
  /** In clock ticks since boot. */
  readonly startTime: string;
}

/** From /proc/PID/stat; undefined when there is no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readProcessFile(`/proc/${pid}/stat`);
  if (text === undefined) {
    return undefined;
  }
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  return {
    state: fields[0] ?? "",
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    parentPid: Number(fields[1]),
    startTime: fields[19] ?? "",
  };
}

/** One process, whatever becomes of its pid. */
export interface NamedProcess {
  /** 0: nobody knows. */
  readonly pid: number;
  /** As readProcessStat has it. */
  readonly startTime: string;
}

export function thisProcess(): NamedProcess {
  const pid = call("getpid");
  return { pid, startTime: readProcessStat(pid)?.startTime ?? "" };
}

/** It is there, and no zombie. */
export function isAlive({ pid, startTime }: NamedProcess): boolean {
  const stat = pid <= 0 ? undefined : readProcessStat(pid);
  return stat !== undefined && stat.startTime === startTime && !/[ZX]/.test(stat.state);
}

/** A pidfd; undefined: it has ended. */
export function openLiveProcess(named: NamedProcess): OwnedFd | undefined {
  const fd = named.pid <= 0 ? -1 : tryOpenPidfd(named.pid);
  if (fd < 0) {
    return undefined;
  }
  using pidfd = new OwnedFd(fd);
  // Only now the pid can't become another process's.
  return isAlive(named) ? new OwnedFd(pidfd.release()) : undefined;
}

/** A process that ends between open and read answers ESRCH. */
function readProcessFile(path: string): string | undefined {
  try {
    return readTextFileIfExists(path, 4096);
  } catch (error) {
    if (error instanceof OcicatError && error.errno === Errno.ESRCH) {
      return undefined;
    }
    throw error;
  }
}
