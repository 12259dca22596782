// The request of the stage's `hold` op: native/holder.h, seen from TypeScript. A program puts it into
// its data and stores the descriptors that it learns only as it runs; hold() takes them over.
//
//    0 version       u32  HOLD_VERSION
//    4 flags         u32  1: a primary client that is there at the end sees to what comes after it, and
//                         hold() returns HOLD_SETTLED
//                         2: when the container's supervisor goes or does not come, hold() returns
//                         HOLD_SUPERVISOR_GONE, and goes on when it is called again
//                         4: the exit record need not survive a power cut
//                         8, 16: the container reads its own end of stdout, stderr, too, and would never
//                         see that nobody else does
//                         32: the input ends when the primary client goes
//    8 init_pid      u32  as the holder's process sees it
//   12 pidfd         i32  of the container's init, a child of the holder's process or of one before it
//   16 stdin_fd      i32  write end of the pipe, or -1: it has no stdin, or a terminal
//   20 stdout_fd     i32  read end, or a FIFO that is open both ways, or -1
//   24 stderr_fd     i32  the same
//   28 terminal_fd   i32  pty master, or -1; with one, the three above are -1
//   32 primary_fd    i32  a connected stream socket: the client that is attached from the start, or -1
//   36 listener_fd   i32  listening Unix stream socket for later clients, or -1
//   40 directory_fd  i32  where exit.json is written, or -1: nowhere
//   44 reserved      u32  0
//   48 log name      u64  address of the log's file name, or 0: no log
//   56 log size      u64  bytes of one file before it is rotated, or 0: no limit
//   64 log directory i32  where the file is, or -1: no log
//   68 log files     u32  how many there may be, 1 to 100
//   72 log flags     u32  1: drop what can't be written, and count it, instead of waiting
//   76 reserved      u32  0
//   80 oom path      u64  address of the path of the file that counts the container's out-of-memory kills,
//                         or 0: nobody counts

import type { DataReference } from "./program.ts";

export const HOLD_VERSION = 3;
export const HOLD_REQUEST_BYTES = 88;
/** What hold() returns beside 0 and -errno. */
export const HOLD_SUPERVISOR_GONE = 1;
/** A client sees to what comes after the end. */
export const HOLD_SETTLED = 2;

/** Where each field of 32 bits is, in bytes. */
export const HOLD_REQUEST_OFFSETS = {
  version: 0,
  flags: 4,
  initPid: 8,
  pidfd: 12,
  stdinFd: 16,
  stdoutFd: 20,
  stderrFd: 24,
  terminalFd: 28,
  primaryFd: 32,
  listenerFd: 36,
  directoryFd: 40,
  reserved: 44,
} as const;

const FLAGS = [
  ["primarySettles", 1],
  ["supervised", 2],
  ["isRecordBrief", 4],
  ["stdoutStays", 8],
  ["stderrStays", 16],
  ["stdinIsPrimarys", 32],
] as const;

export const HOLD_OOM_PATH_OFFSET = 80;

/** What can be known before the program runs; the rest it stores at HOLD_REQUEST_OFFSETS. */
export type HoldRequest = Partial<
  Record<Exclude<keyof typeof HOLD_REQUEST_OFFSETS, "version" | "flags" | "reserved">, number>
> &
  Partial<Record<(typeof FLAGS)[number][0], boolean>> & { readonly log?: HoldLog };

/** The log, as the holder is told of it; native/log.h draws what it writes. */
export interface HoldLog {
  /** An open directory. */
  readonly directoryFd: number;
  /** Of the file in it; at most 250 bytes. */
  readonly name: string;
  /** Bytes of one file before it is rotated; 0: no limit. */
  readonly sizeLimit: number;
  /** How many files there may be, 1 to 100. */
  readonly files: number;
  /** What becomes of output that can't be written: the container waits, or it is dropped and counted. */
  readonly onFull: "block" | "drop";
}

export const HOLD_LOG_OFFSETS = {
  name: 48,
  size: 56,
  directoryFd: 64,
  files: 68,
  flags: 72,
} as const;
const LOG_DROP = 1;
const TWO_32 = 2 ** 32;

const DESCRIPTORS = [
  "pidfd",
  "stdinFd",
  "stdoutFd",
  "stderrFd",
  "terminalFd",
  "primaryFd",
  "listenerFd",
  "directoryFd",
] as const;

/** The request as 32-bit words; a descriptor that is not given is -1. */
export function encodeHoldRequest(request: HoldRequest = {}): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(new ArrayBuffer(HOLD_REQUEST_BYTES));
  words[HOLD_REQUEST_OFFSETS.version / 4] = HOLD_VERSION;
  words[HOLD_REQUEST_OFFSETS.flags / 4] = flagsOf(request);
  words[HOLD_REQUEST_OFFSETS.initPid / 4] = request.initPid ?? 0;
  for (const name of DESCRIPTORS) {
    words[HOLD_REQUEST_OFFSETS[name] / 4] = request[name] ?? -1;
  }
  const { log } = request;
  words[HOLD_LOG_OFFSETS.directoryFd / 4] = log?.directoryFd ?? -1;
  if (log !== undefined) {
    words[HOLD_LOG_OFFSETS.size / 4] = log.sizeLimit % TWO_32;
    words[HOLD_LOG_OFFSETS.size / 4 + 1] = Math.floor(log.sizeLimit / TWO_32);
    words[HOLD_LOG_OFFSETS.files / 4] = log.files;
    words[HOLD_LOG_OFFSETS.flags / 4] = log.onFull === "drop" ? LOG_DROP : 0;
  }
  return words;
}

function flagsOf(request: HoldRequest): number {
  let flags = 0;
  for (const [name, bit] of FLAGS) {
    flags |= request[name] === true ? bit : 0;
  }
  return flags;
}

/** What a request points to. */
export interface HoldTexts {
  readonly logName?: DataReference;
  readonly oomPath?: DataReference;
}

/** As the builder's structures take them. */
export function holdRequestPointers(texts: HoldTexts): ReadonlyMap<number, DataReference> {
  const pointers = new Map<number, DataReference>();
  if (texts.logName !== undefined) {
    pointers.set(HOLD_LOG_OFFSETS.name / 4, texts.logName);
  }
  if (texts.oomPath !== undefined) {
    pointers.set(HOLD_OOM_PATH_OFFSET / 4, texts.oomPath);
  }
  return pointers;
}
