// Takes the content of a file elsewhere on the same file system into staging without copying it: by
// sharing its blocks (reflink), or the inode itself (hard link).

import {
  AT_FDCWD,
  O_CREAT,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  S_IFMT,
  S_IFREG,
} from "../../abi/file.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  type FileStatus,
  OwnedFd,
  openAt,
  statAt,
  tryOpenAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { cstring } from "../../sys/memory.ts";
import { BLOB_MODE } from "./blob-folder.ts";

const OTHERS_MAY_WRITE = 0o022;
/** ioctl(2): this file gets the content of another one, which stays as it is when either is written to. */
const FICLONE = 0x4004_9409;

export interface ShareRequest {
  readonly path: string;
  /** A file of another size is not the one that is meant. */
  readonly size: number;
  readonly stagingFd: number;
  /** In staging; what is there is replaced. */
  readonly name: string;
}

/**
 * False: nothing is shared, and nothing has changed. An inode is shared only if nobody but this user may
 * write to it.
 */
export function shareFile(request: ShareRequest): boolean {
  const { O_NOFOLLOW } = hostArchitecture.openFlags;
  const fd = tryOpenAt(AT_FDCWD, request.path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) {
    return false;
  }
  using source = new OwnedFd(fd);
  const status = statAt(source.number, "");
  if (status === undefined || !isRegular(status) || status.size !== request.size) {
    return false;
  }
  const isSafe = status.uid === call("geteuid") && (status.mode & OTHERS_MAY_WRITE) === 0;
  return clone(source.number, request) || (isSafe && link(status, request));
}

function clone(sourceFd: number, { stagingFd, name }: ShareRequest): boolean {
  const temporary = `${name}.clone`;
  using file = new OwnedFd(openAt(stagingFd, temporary, O_WRONLY | O_CREAT | O_TRUNC, BLOB_MODE));
  const isCloned = call("ioctl", file.number, FICLONE, sourceFd) === 0;
  return isCloned ? replace(stagingFd, temporary, name) : discard(stagingFd, temporary);
}

/** The path may lead to another file by now. */
function link(source: FileStatus, { path, stagingFd, name }: ShareRequest): boolean {
  const temporary = `${name}.link`;
  tryUnlinkAt(stagingFd, temporary);
  if (call("linkat", AT_FDCWD, cstring(path), stagingFd, cstring(temporary), 0) < 0) {
    return false;
  }
  const linked = statAt(stagingFd, temporary);
  const isSame = linked?.inode === source.inode && linked.mode === source.mode;
  return isSame ? replace(stagingFd, temporary, name) : discard(stagingFd, temporary);
}

function isRegular(status: FileStatus): boolean {
  return (status.mode & S_IFMT) === S_IFREG;
}

function replace(stagingFd: number, from: string, to: string): boolean {
  const result = call("renameat2", stagingFd, cstring(from), stagingFd, cstring(to), 0);
  // Of two names of one inode (a killed process left the other one) a rename takes neither away.
  tryUnlinkAt(stagingFd, from);
  return result === 0;
}

function discard(stagingFd: number, name: string): boolean {
  tryUnlinkAt(stagingFd, name);
  return false;
}
