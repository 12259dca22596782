// Small files that are there as a whole or not at all, also after a power cut: written in staging, forced
// to the disk, then moved to their place.

import { O_CREAT, O_EXCL, O_WRONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import { call, checked } from "../sys/call.ts";
import { OwnedFd, openAt, renameAt, tryUnlinkAt, writeAll } from "../sys/file.ts";
import { cstring } from "../sys/memory.ts";
import { type HeldLock, tryLock } from "./lock.ts";

export interface WholeFile {
  readonly directoryFd: number;
  readonly name: string;
  readonly content: Uint8Array;
  readonly mode: number;
  /** What to do with a file that is there: "keep" leaves it as it is. */
  readonly existing: "keep" | "replace";
}

/**
 * Durable but for the directory entry: see forceToDisk. `stagingFd` is on the same file system. False: one
 * is there and stays.
 */
export function writeWholeFile(stagingFd: number, file: WholeFile): boolean {
  const { directoryFd, name } = file;
  using held = lockOwnName(stagingFd, name);
  const temporary = held.name.slice(0, -".lock".length);
  try {
    writeForced(stagingFd, temporary, file);
    if (file.existing === "replace") {
      renameAt(stagingFd, temporary, directoryFd, name);
      return true;
    }
    const paths = [stagingFd, cstring(temporary), directoryFd, cstring(name)] as const;
    const result = call("linkat", ...paths, 0);
    if (result === -Errno.EEXIST) {
      return false;
    }
    checked(result, "make", quote(name));
    return true;
  } finally {
    tryUnlinkAt(stagingFd, temporary);
  }
}

/** Waits until what was written to a file, or made and removed in a directory, survives a power cut. */
export function forceToDisk(fd: number, subject: string): void {
  checked(call("fsync", fd), "write to the disk", subject);
}

function writeForced(directoryFd: number, name: string, { content, mode, ...file }: WholeFile) {
  const subject = quote(file.name);
  using opened = new OwnedFd(openAt(directoryFd, name, O_WRONLY | O_CREAT | O_EXCL, mode));
  checked(call("fchmod", opened.number, mode), "change the mode of", subject);
  writeAll(opened.number, content, subject);
  forceToDisk(opened.number, subject);
}

/** On a name of our own: nobody else waits for what is made under it. */
function lockOwnName(stagingFd: number, base: string): HeldLock {
  const unique = crypto.getRandomValues(new Uint8Array(6)).toHex();
  return tryLock(stagingFd, `${base}.${unique}.lock`) ?? lockOwnName(stagingFd, base);
}
