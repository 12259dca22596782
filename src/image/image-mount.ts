// Mounted images: an image in format "erofs" is mounted once, and all its containers use that mount, each
// with a writable layer of its own. Its pages are in memory once.
//
//   STATE ROOT/.images/KEY         the mount; read-only
//                      KEY.lock    flock, shared by whoever uses it: a command, and the holder of its container
//
// The last one that lets go unmounts. A process that dies lets go too, but leaves the mount: the next user
// takes it over, and removeUnusedImageMounts finds it. Containers that run do not depend on the mount's
// place: their overlay holds the file system itself.
//
// The folder's own lock (flock, exclusive) is held while a mount is looked at, made or removed. Nothing is
// awaited meanwhile.

import { AT_FDCWD, LOCK_EX, LOCK_NB, LOCK_SH, O_CREAT, O_RDONLY, O_RDWR } from "../abi/file.ts";
import { MNT_DETACH } from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { call, checked } from "../sys/call.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  stat,
  tryFlock,
  tryMkdirAt,
  tryOpenAt,
  tryRmdirAt,
  tryUnlinkAt,
} from "../sys/file.ts";
import { tryFileSystemType } from "../sys/file-system-type.ts";
import { cstring } from "../sys/memory.ts";
import { mountErofs } from "./erofs/mount.ts";
import type { ErofsRoot } from "./record.ts";

const FOLDER = ".images";
const LOCK_SUFFIX = ".lock";
const EROFS_MAGIC = 0xe0f5_e1e2;
const PRIVATE = 0o700;

export interface MountPlace {
  readonly storeRoot: string;
  /** "/run/ocicat". */
  readonly stateRoot: string;
}

/** A use of a mounted image. Disposed of by the last user, it takes the mount away. */
export class ImageMount implements Disposable {
  readonly path: string;
  /** As ImageRoot has it. */
  readonly lower: readonly string[];
  readonly mountKey: string;
  readonly #folderPath: string;
  readonly #lock: OwnedFd;

  constructor(folderPath: string, key: string, lock: OwnedFd) {
    this.path = `${folderPath}/${key}`;
    this.lower = [this.path];
    this.#folderPath = folderPath;
    this.mountKey = key;
    this.#lock = lock;
  }

  /** Another use, for a process that inherits the descriptor: it ends when the last copy is closed. */
  shareLock(): OwnedFd {
    using file = new OwnedFd(open(`${this.path}${LOCK_SUFFIX}`, O_RDWR));
    checked(tryFlock(file.number, LOCK_SH), "share", `the image ${quote(this.path)}`);
    return new OwnedFd(file.release());
  }

  /** What can't be removed now is removed by the next one. */
  [Symbol.dispose](): void {
    using lock = this.#lock;
    if (stat(this.#folderPath) !== undefined) {
      using folder = lockedFolder(this.#folderPath);
      if (isUnused(lock.number)) {
        remove({ folderFd: folder.number, path: this.path, key: this.mountKey });
      }
    }
  }
}

/** Mounts the image unless it is mounted. Throws "unsupported" where EROFS can't be. */
export function acquireImageMount(root: ErofsRoot, place: MountPlace): ImageMount {
  const folderPath = `${place.stateRoot}/${FOLDER}`;
  // What images contain is for containers, not for the host's users.
  makeDirectories(place.stateRoot, 0o711);
  makeFolder(folderPath);
  using folder = lockedFolder(folderPath);
  const path = `${folderPath}/${root.key}`;
  const lockName = root.key + LOCK_SUFFIX;
  using lock = new OwnedFd(openAt(folder.number, lockName, O_RDWR | O_CREAT, 0o600));
  checked(tryFlock(lock.number, LOCK_SH), "lock", quote(lockName));
  if (tryFileSystemType(path) !== EROFS_MAGIC) {
    try {
      mountFiles(root, place.storeRoot, path);
    } catch (error) {
      if (isUnused(lock.number)) {
        remove({ folderFd: folder.number, path, key: root.key });
      }
      throw error;
    }
  }
  return new ImageMount(folderPath, root.key, new OwnedFd(lock.release()));
}

/** The mounts that a process which died has left, removed. Returns their paths. */
export function removeUnusedImageMounts(stateRoot: string): readonly string[] {
  const folderPath = `${stateRoot}/${FOLDER}`;
  if (stat(folderPath) === undefined) {
    return [];
  }
  using folder = lockedFolder(folderPath);
  const names = readDirectoryAt(folder.number, ".").map(({ name }) => name);
  const keys = new Set(names.map((name) => name.replace(/\.lock$/, "")));
  return [...keys].flatMap((key) => {
    const place = { folderFd: folder.number, path: `${folderPath}/${key}`, key };
    return removeUnused(place) ? [place.path] : [];
  });
}

/** One of them, should nobody use it any more. */
export function removeUnusedImageMount(stateRoot: string, key: string): void {
  const folderPath = `${stateRoot}/${FOLDER}`;
  if (stat(`${folderPath}/${key}`) !== undefined) {
    using folder = lockedFolder(folderPath);
    removeUnused({ folderFd: folder.number, path: `${folderPath}/${key}`, key });
  }
}

function removeUnused(place: Place): boolean {
  using lock = new OwnedFd(tryOpenAt(place.folderFd, place.key + LOCK_SUFFIX, O_RDWR));
  const isInUse = lock.number >= 0 && !isUnused(lock.number);
  if (!isInUse) {
    remove(place);
  }
  return !isInUse;
}

interface Place {
  readonly folderFd: number;
  readonly path: string;
  readonly key: string;
}

/** Whoever asks gives up its own use by that. */
function isUnused(lockFd: number): boolean {
  return tryFlock(lockFd, LOCK_EX | LOCK_NB) === 0;
}

function remove({ folderFd, path, key }: Place): void {
  if (tryFileSystemType(path) === EROFS_MAGIC) {
    call("umount2", cstring(path), MNT_DETACH);
  }
  tryRmdirAt(folderFd, key);
  tryUnlinkAt(folderFd, key + LOCK_SUFFIX);
}

function lockedFolder(path: string): OwnedFd {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using folder = new OwnedFd(open(path, O_RDONLY | O_DIRECTORY));
  checked(tryFlock(folder.number, LOCK_EX), "lock", quote(path));
  return new OwnedFd(folder.release());
}

function mountFiles({ image, devices }: ErofsRoot, storeRoot: string, path: string): void {
  using descriptors = new DisposableStack();
  const openPart = (part: string): number =>
    descriptors.use(new OwnedFd(open(`${storeRoot}/${part}`, O_RDONLY))).number;
  const imageFd = openPart(image);
  const deviceFds = devices.map(openPart);
  makeFolder(path);
  try {
    mountErofs({ imageFd, deviceFds, targetPath: path });
  } catch (error) {
    throw isRefusal(error) ? unmountable(image, error) : error;
  }
}

/** What kernels, user namespaces and file systems answer where EROFS is not for them. */
const REFUSALS: readonly (number | undefined)[] = [
  ...[Errno.EPERM, Errno.EACCES, Errno.ENODEV, Errno.ENOSYS],
  ...[Errno.ENOTBLK, Errno.EINVAL, Errno.EOPNOTSUPP],
];

function isRefusal(error: unknown): error is OcicatError {
  return error instanceof OcicatError && REFUSALS.includes(error.errno);
}

function unmountable(image: string, error: OcicatError): OcicatError {
  return new OcicatError("unsupported", {
    operation: "mount",
    subject: `the image ${quote(image)}`,
    reason: `EROFS cannot be used here: ${error.message}`,
    cause: error,
  });
}

/** It may be there. */
function makeFolder(path: string): void {
  const result = tryMkdirAt(AT_FDCWD, path, PRIVATE);
  if (result !== -Errno.EEXIST) {
    checked(result, "make", quote(path));
  }
}
