// Locks between processes: flock(2) on a file that exists only while the lock is held or waited for.
// The kernel releases the lock of a process that dies.

import { LOCK_EX, LOCK_NB, LOCK_UN, O_CREAT, O_RDWR } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { checked } from "../sys/call.ts";
import { OwnedFd, openAt, statAt, tryFlock, tryUnlinkAt } from "../sys/file.ts";

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 100;

export class HeldLock implements Disposable {
  readonly name: string;
  readonly #directoryFd: number;
  readonly #file: OwnedFd;

  constructor(directoryFd: number, name: string, file: OwnedFd) {
    this.#directoryFd = directoryFd;
    this.name = name;
    this.#file = file;
  }

  /** Of the lock's file, which may say something about its holder. */
  get fd(): number {
    return this.#file.number;
  }

  /** Removes the file first: whoever waits for it then sees that it is not the lock any more. */
  [Symbol.dispose](): void {
    tryUnlinkAt(this.#directoryFd, this.name);
    tryFlock(this.#file.number, LOCK_UN);
    this.#file[Symbol.dispose]();
  }
}

/** Undefined: another process, or another caller in this one, holds it. */
export function tryLock(directoryFd: number, name: string): HeldLock | undefined {
  const fd = tryLockedDescriptor(directoryFd, name);
  return fd < 0 ? undefined : new HeldLock(directoryFd, name, new OwnedFd(fd));
}

/**
 * Waits for the lock without stopping the event loop: its holder may be in this very process.
 * `onWait` is called once if there is something to wait for. Throws "interrupted" when `signal` is
 * aborted meanwhile.
 */
export async function lock(
  directoryFd: number,
  name: string,
  onWait: () => void = () => undefined,
  signal?: AbortSignal,
): Promise<HeldLock> {
  let fd = tryLockedDescriptor(directoryFd, name);
  if (fd < 0) {
    onWait();
  }
  for (let waitMs = FIRST_WAIT_MS; fd < 0; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    if (signal?.aborted === true) {
      const subject = `the lock ${quote(name)}`;
      throw new OcicatError("interrupted", { operation: "wait for", subject, reason: "cancelled" });
    }
    await Bun.sleep(waitMs);
    fd = tryLockedDescriptor(directoryFd, name);
  }
  return new HeldLock(directoryFd, name, new OwnedFd(fd));
}

/** -EAGAIN where it is held. */
function tryLockedDescriptor(directoryFd: number, name: string): number {
  for (;;) {
    using file = new OwnedFd(openAt(directoryFd, name, O_RDWR | O_CREAT, 0o600));
    const result = tryFlock(file.number, LOCK_EX | LOCK_NB);
    if (result === -Errno.EAGAIN) {
      return result;
    }
    checked(result, "lock", quote(name));
    // The file may have been removed between open and flock; then another one is the lock.
    if (statAt(file.number, "")?.inode === statAt(directoryFd, name)?.inode) {
      return file.release();
    }
  }
}
