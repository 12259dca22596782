// The lock that makes a process the supervisor. Its file says who it is:
//
//   {"version": 1, "pid", "startTime", "starts"}   the process as /proc tells it; when it and those before it
//                                                  have begun that were killed, on the clock that runs from boot
//
// The kernel gives the lock of a process that dies to the next one that waits for it. The file stays.

import { F_SETFD, FD_CLOEXEC, LOCK_EX, LOCK_NB, O_CREAT, O_RDWR } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { bootMs } from "../../sys/clock.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, open, readTextFileIfExists, stat, statAt, tryFlock } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { isAlive, readProcessStat } from "../../sys/process.ts";
import { makeSupervisorFolder, type SupervisorPlace } from "./supervisor-place.ts";

const VERSION = 1;
const SIZE_LIMIT = 64 * 1024;
const REMEMBERED_STARTS = 5;
/** So many starts in such a time are a supervisor that dies of something. */
const START_WINDOW_MS = 10_000;

interface LockDocument {
  readonly version: number;
  readonly pid: number;
  readonly startTime: string;
  readonly starts: readonly number[];
}

/** Takes over a descriptor on which the lock is held. Throws for one that is something else. */
export function inheritedLock(fd: number, { lockPath }: SupervisorPlace): OwnedFd {
  const own = statAt(fd, "");
  const named = stat(lockPath);
  if (own === undefined || own.inode !== named?.inode || tryFlock(fd, LOCK_EX | LOCK_NB) < 0) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--lock-fd ${fd}`,
      reason: "it is not the supervisor's lock",
    });
  }
  call("fcntl", fd, F_SETFD, FD_CLOEXEC);
  return new OwnedFd(fd);
}

/** Undefined: another process has it. */
export function tryTakeLock(place: SupervisorPlace): OwnedFd | undefined {
  makeSupervisorFolder(place);
  using file = new OwnedFd(open(place.lockPath, O_RDWR | O_CREAT, 0o600));
  const result = tryFlock(file.number, LOCK_EX | LOCK_NB);
  if (result === -Errno.EAGAIN) {
    return undefined;
  }
  checked(result, "lock", quote(place.lockPath));
  return new OwnedFd(file.release());
}

/** Writes down who has the lock. Milliseconds to wait, so that one that dies at once does not do it all day. */
export function signLock(lock: OwnedFd, place: SupervisorPlace): number {
  const now = bootMs();
  // Those of before a reboot are in the future.
  const before = (readDocument(place)?.starts ?? []).filter((start) => start <= now);
  const starts = [...before, now].slice(-REMEMBERED_STARTS - 1);
  writeDocument(lock, starts);
  const earliest = starts.length > REMEMBERED_STARTS ? (starts[0] ?? 0) : -Infinity;
  return Math.max(0, earliest + START_WINDOW_MS - now);
}

/** It goes because nobody needs it: nothing was wrong with it. */
export function signOff(lock: OwnedFd): void {
  writeDocument(lock, []);
}

function writeDocument(lock: OwnedFd, starts: readonly number[]): void {
  const document: LockDocument = {
    version: VERSION,
    pid: process.pid,
    startTime: readProcessStat(process.pid)?.startTime ?? "",
    starts,
  };
  // A disk that is full keeps nobody from supervising.
  const text = encodeText(JSON.stringify(document));
  call("ftruncate", lock.number, 0);
  call("pwrite64", lock.number, addressOf(text), text.length, 0);
}

/** Its pid; undefined: none runs. */
export function supervisorPid(place: SupervisorPlace): number | undefined {
  const document = readDocument(place);
  return document !== undefined && isAlive(document) ? document.pid : undefined;
}

/** What cannot be read, half written as it may be, says nothing. */
function readDocument({ lockPath }: SupervisorPlace): LockDocument | undefined {
  try {
    const document: LockDocument = JSON.parse(readTextFileIfExists(lockPath, SIZE_LIMIT) ?? "");
    return document.version === VERSION ? document : undefined;
  } catch {
    return undefined;
  }
}
