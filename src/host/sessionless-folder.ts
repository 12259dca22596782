// Where the state of an ordinary user's containers is without XDG_RUNTIME_DIR, or with another user's: of a user who
// came by su(1), of a job of cron, in a container. The folder that a session of the user would have, where it is
// there; else one among the temporary files, which nobody else can have made:
//
//   /run/user/UID               of a session, or of one that lingers
//   /tmp/ocicat-UID-BOOT        BOOT names the run of the machine, so that no later one finds the state of this

import { AT_FDCWD, S_IFDIR, S_IFMT } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { checked } from "../sys/call.ts";
import { readTextFile, statAt, tryMkdirAt } from "../sys/file.ts";

const PRIVATE = 0o700;
const OTHERS = 0o077;
const BOOT_DIGITS = 8;

/** An absolute path. `temporary`: in place of /tmp. */
export function sessionlessFolder(
  { effectiveUid: uid }: { readonly effectiveUid: number },
  temporary = "/tmp",
): string {
  const usual = `/run/user/${uid}`;
  return isOwn(usual, uid) ? `${usual}/ocicat` : madeFolder(uid, temporary);
}

function madeFolder(uid: number, temporary: string): string {
  const boot = readTextFile("/proc/sys/kernel/random/boot_id").slice(0, BOOT_DIGITS);
  const path = `${temporary}/ocicat-${uid}-${boot}`;
  const result = tryMkdirAt(AT_FDCWD, path, PRIVATE);
  if (result !== -Errno.EEXIST) {
    checked(result, "make", quote(path));
  }
  if (!isOwn(path, uid)) {
    throw new OcicatError("permission-denied", {
      operation: "use",
      subject: quote(path),
      reason: "somebody else has made it, or may write to it",
      hint: "set XDG_RUNTIME_DIR to a folder of your own on a tmpfs, or give one with --root",
    });
  }
  return path;
}

/** It is no link, and nobody else gets in. */
function isOwn(path: string, uid: number): boolean {
  const status = statAt(AT_FDCWD, path);
  const isFolder = status !== undefined && (status.mode & S_IFMT) === S_IFDIR;
  return isFolder && status.uid === uid && (status.mode & OTHERS) === 0;
}
