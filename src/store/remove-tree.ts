// Removes a directory tree of any depth and with any names, never following a link. Each directory that
// is found inside, and is not empty, is first moved aside, so that neither the stack nor the number of
// open descriptors grows with the depth. No names are kept, of which there may be millions.

import { AT_REMOVEDIR, O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import {
  bytePath,
  byteStringOf,
  checkedPath,
  quoteByteString,
  tryOpenByteAt,
} from "../sys/byte-path.ts";
import { call } from "../sys/call.ts";
import { openDirectoryEntries } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd } from "../sys/file.ts";

const OWNER_ONLY = 0o700;
/** Names of files have at most 255 bytes. Whose lock covers them is seen by their beginning. */
const LONGEST_PREFIX = 200;

/** Some file systems leave out entries when others are removed while they are read. */
const MOST_ROUNDS = 10;

/**
 * Removes `name` (a byte string) in `parentFd` whatever it is; it need not exist. What is moved aside
 * goes to `asideFd`, on the same file system, under names "NAME.removed-NUMBER" that nobody else uses.
 */
export function removeTree(parentFd: number, name: string, asideFd = parentFd): void {
  if (tryUnlinkFile(parentFd, name) || tryRemoveEmpty(parentFd, name)) {
    return;
  }
  const aside = new Aside(asideFd, name.slice(0, LONGEST_PREFIX));
  removeContent(parentFd, name, aside);
  for (let number = 1; number <= aside.count; number += 1) {
    removeContent(asideFd, aside.nameOf(number), aside);
  }
}

function removeContent(parentFd: number, name: string, aside: Aside): void {
  let result: number;
  let rounds = 0;
  do {
    emptyDirectory(parentFd, name, aside);
    result = call("unlinkat", parentFd, bytePath(name), AT_REMOVEDIR);
    rounds += 1;
  } while (result === -Errno.ENOTEMPTY && rounds < MOST_ROUNDS);
  checkedPath(result, "remove the directory", name);
}

function emptyDirectory(parentFd: number, name: string, aside: Aside): void {
  using directory = openDirectory(parentFd, name);
  const subject = quoteByteString(name);
  for (const entry of openDirectoryEntries(directory.number, subject, byteStringOf)) {
    const isGone =
      (entry.type !== "directory" && tryUnlinkFile(directory.number, entry.name)) ||
      tryRemoveEmpty(directory.number, entry.name);
    if (!isGone) {
      aside.take(directory.number, entry.name);
    }
  }
}

/** False: it is a directory. */
function tryUnlinkFile(directoryFd: number, name: string): boolean {
  const result = call("unlinkat", directoryFd, bytePath(name), 0);
  if (result === -Errno.EISDIR) {
    return false;
  }
  if (result !== -Errno.ENOENT) {
    checkedPath(result, "remove", name);
  }
  return true;
}

/** The folders that a container leaves are mostly empty. False: this one is not, or will not go so. */
function tryRemoveEmpty(directoryFd: number, name: string): boolean {
  return call("unlinkat", directoryFd, bytePath(name), AT_REMOVEDIR) === 0;
}

class Aside {
  /** Of the names that have been given, or that an interrupted removal has left. */
  count = 0;
  readonly #fd: number;
  readonly #prefix: string;

  constructor(fd: number, prefix: string) {
    this.#fd = fd;
    this.#prefix = prefix;
  }

  /** Moves a directory here. */
  take(fromFd: number, name: string): void {
    let target: string;
    let result: number;
    do {
      this.count += 1;
      target = this.nameOf(this.count);
      result = this.#rename(fromFd, name, target);
    } while (result === -Errno.ENOTEMPTY || result === -Errno.EEXIST);
    if (result === -Errno.EACCES) {
      // An ordinary user may move a directory only while it is writable.
      call("fchmodat", fromFd, bytePath(name), OWNER_ONLY);
      result = this.#rename(fromFd, name, target);
    }
    checkedPath(result, "move aside", name);
  }

  nameOf(number: number): string {
    return `${this.#prefix}.removed-${number}`;
  }

  #rename(fromFd: number, name: string, target: string): number {
    return call("renameat2", fromFd, bytePath(name), this.#fd, bytePath(target), 0);
  }
}

function openDirectory(parentFd: number, name: string): OwnedFd {
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  let fd = tryOpenByteAt(parentFd, name, flags);
  if (fd === -Errno.EACCES) {
    call("fchmodat", parentFd, bytePath(name), OWNER_ONLY);
    fd = tryOpenByteAt(parentFd, name, flags);
  }
  return new OwnedFd(checkedPath(fd, "open", name));
}
