// The request of the stage's `hold` op: native/holder.h, seen from TypeScript. A program puts it into
// its data and stores the descriptors that it learns only as it runs; hold() takes them over.
//
//    0 version       u32  HOLD_VERSION
//    4 flags         u32  0
//    8 init_pid      u32  as the holder's process sees it
//   12 pidfd         i32  of the container's init, a child of the holder's process
//   16 stdin_fd      i32  write end of the pipe, or -1: it has no stdin, or a terminal
//   20 stdout_fd     i32  read end, or -1
//   24 stderr_fd     i32  read end, or -1
//   28 terminal_fd   i32  pty master, or -1; with one, the three above are -1
//   32 primary_fd    i32  a connected stream socket: the client that is attached from the start, or -1
//   36 listener_fd   i32  listening Unix stream socket for later clients, or -1
//   40 directory_fd  i32  where exit.json is written, or -1: nowhere
//   44 reserved      u32  0

export const HOLD_VERSION = 1;
export const HOLD_REQUEST_BYTES = 48;

/** Where each field is, in bytes; every one is 32 bits wide. */
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

/** What can be known before the program runs; the rest it stores at HOLD_REQUEST_OFFSETS. */
export type HoldRequest = Partial<
  Record<Exclude<keyof typeof HOLD_REQUEST_OFFSETS, "version" | "flags" | "reserved">, number>
>;

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
  words[HOLD_REQUEST_OFFSETS.initPid / 4] = request.initPid ?? 0;
  for (const name of DESCRIPTORS) {
    words[HOLD_REQUEST_OFFSETS[name] / 4] = request[name] ?? -1;
  }
  return words;
}
