// The part of a volume, or of a folder of the host, that a container has in place of all of it: made where it is not
// there, like the folder that it is in.

import { O_PATH, O_RDONLY, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, stat, tryMkdirAt, tryOpenAt, tryOpenAt2 } from "../../sys/file.ts";

const PRIVATE = 0o700;
const PERMISSIONS = 0o7777;

/** Containers write to the folder: where a link of theirs is in the way nothing is made. */
export function makePart(folder: string, subpath: string): void {
  const names = subpath.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) {
    throw new OcicatError("invalid-argument", {
      operation: "mount",
      subject: `${quote(subpath)} of ${quote(folder)}`,
      reason: "it leads upwards",
    });
  }
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  using stack = new DisposableStack();
  let parentFd = stack.use(new OwnedFd(open(folder, O_RDONLY | O_DIRECTORY))).number;
  if (isThere(parentFd, subpath)) {
    return;
  }
  const subject = quote(`${folder}/${subpath}`);
  for (const name of names) {
    const made = tryMkdirAt(parentFd, name, PRIVATE);
    const opened = tryOpenAt(parentFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    parentFd = stack.use(new OwnedFd(checked(opened, "make", subject))).number;
    if (made === 0) {
      makeLike(parentFd, folder, subject);
    }
  }
}

function isThere(folderFd: number, subpath: string): boolean {
  const how = { flags: O_PATH, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
  const found = tryOpenAt2(folderFd, subpath, how);
  if (found === -Errno.ENOENT) {
    return false;
  }
  using _part = new OwnedFd(checked(found, "open", quote(subpath)));
  return true;
}

function makeLike(fd: number, folder: string, subject: string): void {
  const like = stat(folder);
  if (like === undefined) {
    return;
  }
  if (call("geteuid") === 0) {
    checked(call("fchown", fd, like.uid, like.gid), "give", subject);
  }
  checked(call("fchmod", fd, like.mode & PERMISSIONS), "change the mode of", subject);
}
