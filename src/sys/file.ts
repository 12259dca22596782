// Files, directories and descriptors, synchronous, by raw system calls: what the short path uses
// instead of node:fs, whose import alone costs 2 ms.

import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  OPEN_HOW_BYTES,
  RENAME_EXCHANGE,
  STATX_BASIC_STATS,
  STATX_MNT_ID,
  STATX_SIZE_OF_STRUCT,
} from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { call, checked, checkedFile } from "./call.ts";
import { addressOf } from "./entry.ts";
import { bytes, cstring, decodeText, encodeText, getU64, setU64, sharedWords } from "./memory.ts";

const DEFAULT_READ_LIMIT = 16 * 1024 * 1024;
const FIRST_READ_BYTES = 16 * 1024;
/** What stx_blocks counts. */
const SECTOR_BYTES = 512;

/** Opens close-on-exec. Returns the descriptor, or -errno. */
export function tryOpenAt(directoryFd: number, path: string, flags: number, mode = 0): number {
  return call("openat", directoryFd, cstring(path), flags | O_CLOEXEC, mode);
}

/** What a descriptor of O_PATH is of, to be read for example. As tryOpenAt. */
export function tryReopen(fd: number, flags: number): number {
  return tryOpenAt(AT_FDCWD, `/proc/self/fd/${fd}`, flags);
}

export function openAt(directoryFd: number, path: string, flags: number, mode = 0): number {
  return checkedFile(tryOpenAt(directoryFd, path, flags, mode), "open", path);
}

export function open(path: string, flags: number, mode = 0): number {
  return openAt(AT_FDCWD, path, flags, mode);
}

export interface OpenHow {
  readonly flags: number;
  readonly mode?: number;
  /** RESOLVE_* flags. */
  readonly resolve: number;
}

/** openat2(2), close-on-exec. Returns the descriptor, or -errno. */
export function tryOpenAt2(directoryFd: number, path: string, how: OpenHow): number {
  const openHow = sharedWords(OPEN_HOW_BYTES / 4);
  setU64(openHow.words, 0, how.flags | O_CLOEXEC);
  setU64(openHow.words, 2, how.mode ?? 0);
  setU64(openHow.words, 4, how.resolve);
  return call("openat2", directoryFd, cstring(path), openHow.address, OPEN_HOW_BYTES);
}

export function close(fd: number): void {
  call("close", fd);
}

/** A descriptor that `using` closes. */
export class OwnedFd implements Disposable {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get number(): number {
    return this.#fd;
  }

  /** Gives the descriptor away: it is no longer closed here. */
  release(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) {
      close(this.#fd);
      this.#fd = -1;
    }
  }
}

/** Reads up to `buffer.length` bytes; returns their count, 0 at the end, or -errno. */
export function tryRead(fd: number, buffer: Uint8Array): number {
  return call("read", fd, addressOf(buffer), buffer.length);
}

/** There is one: what is read at once is short, and read before anything else happens. */
let firstBuffer: Uint8Array<ArrayBuffer> | undefined;

/** All bytes to the end of the file. Throws when there are more than `limit`. */
export function readAll(fd: number, subject: string, limit = DEFAULT_READ_LIMIT): Uint8Array {
  firstBuffer ??= bytes(FIRST_READ_BYTES);
  let buffer = firstBuffer;
  let length = 0;
  for (;;) {
    const count = call("read", fd, addressOf(buffer) + length, buffer.length - length);
    checked(count, "read", subject);
    length += count;
    if (count === 0) {
      return buffer === firstBuffer ? buffer.slice(0, length) : buffer.subarray(0, length);
    }
    if (length > limit) {
      throw new OcicatError("exhausted", {
        operation: "read",
        subject,
        reason: `it is larger than ${limit} bytes`,
      });
    }
    if (length === buffer.length) {
      const larger = bytes(buffer.length * 4);
      larger.set(buffer);
      buffer = larger;
    }
  }
}

export function readFile(path: string, limit = DEFAULT_READ_LIMIT): Uint8Array {
  using file = new OwnedFd(open(path, O_RDONLY));
  return readAll(file.number, quote(path), limit);
}

export function readTextFile(path: string, limit = DEFAULT_READ_LIMIT): string {
  return decodeText(readFile(path, limit));
}

/** The text of a file, or undefined where there is none. Other failures throw. */
export function readTextFileIfExists(path: string, limit = DEFAULT_READ_LIMIT): string | undefined {
  return readTextAtIfExists(AT_FDCWD, path, limit);
}

export function readTextAtIfExists(
  directoryFd: number,
  path: string,
  limit = DEFAULT_READ_LIMIT,
): string | undefined {
  const fd = tryOpenAt(directoryFd, path, O_RDONLY);
  if (fd === -Errno.ENOENT) {
    return undefined;
  }
  using file = new OwnedFd(checkedFile(fd, "open", path));
  return decodeText(readAll(file.number, quote(path), limit));
}

export function writeAll(fd: number, content: Uint8Array, subject: string): void {
  let offset = 0;
  while (offset < content.length) {
    const address = addressOf(content) + offset;
    offset += checked(call("write", fd, address, content.length - offset), "write", subject);
  }
}

/** Writes to an existing file (a control file of the kernel, say) in one write; returns 0 or -errno. */
export function tryWriteTextAt(directoryFd: number, path: string, text: string): number {
  const fd = tryOpenAt(directoryFd, path, O_WRONLY);
  if (fd < 0) {
    return fd;
  }
  using file = new OwnedFd(fd);
  const content = encodeText(text);
  const written = call("write", file.number, addressOf(content), content.length);
  return Math.min(written, 0);
}

export function writeTextAt(directoryFd: number, path: string, text: string): void {
  const result = tryWriteTextAt(directoryFd, path, text);
  if (result < 0) {
    checkedFile(result, `write ${quote(text)} to`, path);
  }
}

/**
 * Replaces `name` in one step: readers see the old or the new content, never a part. It is not
 * forced to the disk.
 */
export function replaceFileAt(directoryFd: number, name: string, content: string): void {
  renameAt(directoryFd, writeBeside(directoryFd, name, content), directoryFd, name);
}

/**
 * As replaceFileAt, for what is of no use after a power cut: that may leave the file empty. What is renamed
 * over another file ext4 begins to write to the disk at once, and it frees what was there; with discard
 * on, that alone takes longer than the rest of a short command's writing. So the two change names, and
 * the old one goes, mostly before any of it has been on the disk.
 */
export function replaceBriefFileAt(directoryFd: number, name: string, content: string): void {
  const temporary = writeBeside(directoryFd, name, content);
  const paths = [directoryFd, cstring(temporary), directoryFd, cstring(name)] as const;
  if (call("renameat2", ...paths, RENAME_EXCHANGE) === 0) {
    tryUnlinkAt(directoryFd, temporary);
  } else {
    // There was none, or the file system exchanges no names.
    renameAt(directoryFd, temporary, directoryFd, name);
  }
}

/** What a power cut may leave of a file that was not forced to the disk: nothing, or zeros. */
export function isTorn(text: string): boolean {
  return text === "" || text.startsWith("\0");
}

/** What a file is called that is written, until it is renamed to `name`. */
export function temporaryName(name: string): string {
  return `.${name}.new`;
}

/** Returns the name of a file that is new, or that a killed process has left. */
function writeBeside(directoryFd: number, name: string, content: string): string {
  const temporary = temporaryName(name);
  const flags = O_WRONLY | O_CREAT | O_TRUNC;
  using file = new OwnedFd(openAt(directoryFd, temporary, flags, 0o600));
  writeAll(file.number, encodeText(content), quote(name));
  return temporary;
}

export function renameAt(
  fromDirectoryFd: number,
  from: string,
  toDirectoryFd: number,
  to: string,
): void {
  const result = call("renameat2", fromDirectoryFd, cstring(from), toDirectoryFd, cstring(to), 0);
  checked(result, "rename", `${quote(from)} to ${quote(to)}`);
}

/** 0 or -errno. */
export function tryMkdirAt(directoryFd: number, path: string, mode: number): number {
  return call("mkdirat", directoryFd, cstring(path), mode);
}

/** 0 or -errno. */
export function tryUnlinkAt(directoryFd: number, path: string): number {
  return call("unlinkat", directoryFd, cstring(path), 0);
}

/** Within a folder. 0 or -errno. */
export function tryRenameAt(directoryFd: number, from: string, to: string): number {
  return call("renameat2", directoryFd, cstring(from), directoryFd, cstring(to), 0);
}

/** 0 or -errno. */
export function tryRmdirAt(directoryFd: number, path: string): number {
  return call("unlinkat", directoryFd, cstring(path), AT_REMOVEDIR);
}

/** Makes a directory and its missing parents. The path is trusted: never one of a container. */
export function makeDirectories(path: string, mode = 0o755): void {
  const result = tryMkdirAt(AT_FDCWD, path, mode);
  if (result === 0 || result === -Errno.EEXIST) {
    return;
  }
  const parentEnd = path.lastIndexOf("/");
  if (result !== -Errno.ENOENT || parentEnd <= 0) {
    checkedFile(result, "make directory", path);
  }
  makeDirectories(path.slice(0, parentEnd), mode);
  const again = tryMkdirAt(AT_FDCWD, path, mode);
  if (again !== -Errno.EEXIST) {
    checkedFile(again, "make directory", path);
  }
}

export interface FileStatus {
  /** Type and permission bits, as st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly inode: number;
  readonly links: number;
  readonly device: { readonly major: number; readonly minor: number };
  readonly specialDevice: { readonly major: number; readonly minor: number };
  readonly mountId: number;
  /** What it takes of the disk. */
  readonly allocatedBytes: number;
}

/** statx(2). With an empty `path` it is the descriptor's own status. Returns undefined for ENOENT. */
export function statAt(
  directoryFd: number,
  path: string,
  followLinks = false,
): FileStatus | undefined {
  const status = sharedWords(STATX_SIZE_OF_STRUCT / 4);
  const flags = (path === "" ? AT_EMPTY_PATH : 0) | (followLinks ? 0 : AT_SYMLINK_NOFOLLOW);
  const mask = STATX_BASIC_STATS | STATX_MNT_ID;
  const result = call("statx", directoryFd, cstring(path), flags, mask, status.address);
  if (result === -Errno.ENOENT) {
    return undefined;
  }
  checkedFile(result, "read the status of", path);
  return statusFromStatx(status.words);
}

/** Layout of struct statx, by 32-bit words: stat(2). */
export function statusFromStatx(status: Uint32Array): FileStatus {
  return {
    links: status[4] ?? 0,
    uid: status[5] ?? 0,
    gid: status[6] ?? 0,
    mode: (status[7] ?? 0) & 0xffff,
    inode: getU64(status, 8),
    size: getU64(status, 10),
    specialDevice: { major: status[32] ?? 0, minor: status[33] ?? 0 },
    device: { major: status[34] ?? 0, minor: status[35] ?? 0 },
    mountId: getU64(status, 36),
    allocatedBytes: getU64(status, 12) * SECTOR_BYTES,
  };
}

export function stat(path: string): FileStatus | undefined {
  return statAt(AT_FDCWD, path, true);
}

export function readLinkAt(directoryFd: number, path: string): string {
  const buffer = bytes(4096);
  const args = [directoryFd, cstring(path), addressOf(buffer), buffer.length] as const;
  const length = checkedFile(call("readlinkat", ...args), "read the link", path);
  return decodeText(buffer.subarray(0, length));
}

/** 0, or -errno: EAGAIN where another process holds the lock and `operation` has LOCK_NB. */
export function tryFlock(fd: number, operation: number): number {
  return call("flock", fd, operation);
}
