// The folder of a container that the engine runs, under the persistent root:
//
//   STORE/containers/ID/
//     upper/ work/    the writable layer and overlayfs's own folder
//     lower/          empty: in place of the layers of an image that has none
//     root/           empty: where the container alone sees its root file system
//     container.json  what it was made with (container-record.ts)
//     started.json    its last start
//     exit.json       how it ended (src/holder/exit-record.ts)
//     health.json     what its probes say (src/engine/health/health-file.ts)
//     holder          empty: its holder has it locked (flock) while it lives
//     log, log.1, ... what it wrote (src/holder/log-entry.ts)
//     hosts, hostname, resolv.conf   how its programs find hosts (src/engine/run-names.ts)
//     images/N/       what it writes to images that it has mounted (src/engine/image-mounts.ts)
//     image           the image that it uses (src/store/container-images.ts)
//   STORE/names/      container-names.ts
//
// The folder's own lock (flock) is held by whoever makes, starts, settles or removes the container. A
// folder without a record whose lock is free is what a killed command has left (sweep-containers.ts): so that
// nobody finds one between its making and its locking, `containers` is locked for that time, too.

import {
  AT_FDCWD,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  O_CREAT,
  O_RDONLY,
  O_WRONLY,
} from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { inStore } from "../../store/closed-store.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { byteStringOf } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { readOpenDirectory } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  openAt,
  tryFlock,
  tryMkdirAt,
  tryOpenAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { cstring } from "../../sys/memory.ts";
import { trySetXattr } from "../../sys/xattr.ts";
import type { IdMaps } from "../run-spec.ts";
import { RECORD_NAME } from "./container-record.ts";

/** Users of the host do not reach the files of containers: some may be set-user-id root's. */
const PRIVATE = 0o700;

export interface LockedFolder {
  readonly folder: ContainerFolder;
  readonly lock: Disposable;
}

export class ContainerFolder implements Disposable {
  readonly path: string;
  readonly #parent: OwnedFd;
  readonly #folder: OwnedFd;
  readonly #id: string;

  private constructor(storeRoot: string, id: string) {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    this.path = `${storeRoot}/containers/${id}`;
    this.#parent = new OwnedFd(openContainers(storeRoot));
    this.#folder = new OwnedFd(openAt(this.#parent.number, id, O_RDONLY | O_DIRECTORY));
    this.#id = id;
  }

  /** `id`: nobody else's, as random ones are. The caller disposes of both. */
  static create(storeRoot: string, id: string): LockedFolder {
    inStore(storeRoot, () => makeDirectories(`${storeRoot}/containers`, PRIVATE));
    using _making = lockContainers(storeRoot, LOCK_SH);
    const path = `${storeRoot}/containers/${id}`;
    inStore(storeRoot, () => checked(tryMkdirAt(AT_FDCWD, path, PRIVATE), "make", quote(path)));
    try {
      makeInnerFolders(path);
      return locked(new ContainerFolder(storeRoot, id));
    } catch (error) {
      // A disk that is full, or too many open files.
      using parent = new OwnedFd(openContainers(storeRoot));
      removeTree(parent.number, id);
      throw error;
    }
  }

  /** Throws "not-found" for one that is gone. */
  static open(storeRoot: string, id: string): ContainerFolder {
    try {
      return new ContainerFolder(storeRoot, id);
    } catch (error) {
      if (error instanceof OcicatError && error.errno === Errno.ENOENT) {
        throw new OcicatError("not-found", {
          operation: "find",
          subject: `container ${quote(id)}`,
          reason: "it has been removed",
          cause: error,
        });
      }
      throw error;
    }
  }

  /** Undefined: it is gone. */
  static tryOpen(storeRoot: string, id: string): ContainerFolder | undefined {
    try {
      return ContainerFolder.open(storeRoot, id);
    } catch (error) {
      if (error instanceof OcicatError && error.code === "not-found") {
        return undefined;
      }
      throw error;
    }
  }

  get id(): string {
    return this.#id;
  }

  get fd(): number {
    return this.#folder.number;
  }

  /** Held until the result is disposed of. Waits for whoever holds it. */
  lock(): Disposable {
    using file = new OwnedFd(openAt(this.fd, ".", O_RDONLY));
    checked(tryFlock(file.number, LOCK_EX), "lock", `container ${quote(this.#id)}`);
    return new OwnedFd(file.release());
  }

  /** Undefined: somebody holds it. */
  tryLock(): Disposable | undefined {
    using file = new OwnedFd(openAt(this.fd, ".", O_RDONLY));
    const result = tryFlock(file.number, LOCK_EX | LOCK_NB);
    if (result === -Errno.EAGAIN) {
      return undefined;
    }
    checked(result, "lock", `container ${quote(this.#id)}`);
    return new OwnedFd(file.release());
  }

  /** For a holder to keep. Undefined: there is one, or somebody is about to start one. */
  tryLockForHolder(): OwnedFd | undefined {
    using file = this.#openHolderLock();
    const result = tryFlock(file.number, LOCK_EX | LOCK_NB);
    if (result === -Errno.EAGAIN) {
      return undefined;
    }
    checked(result, "lock", `the holder of container ${quote(this.#id)}`);
    return new OwnedFd(file.release());
  }

  /** For a holder to keep. Waits for the end of the one before: it still writes here. */
  lockForHolder(): OwnedFd {
    using file = this.#openHolderLock();
    checked(tryFlock(file.number, LOCK_EX), "lock", `the holder of container ${quote(this.#id)}`);
    return new OwnedFd(file.release());
  }

  #openHolderLock(): OwnedFd {
    return new OwnedFd(openAt(this.fd, "holder", O_WRONLY | O_CREAT, 0o600));
  }

  /** Returns its path. */
  makeEmptyLower(): string {
    const path = `${this.path}/lower`;
    const result = tryMkdirAt(AT_FDCWD, path, 0o755);
    // A container that is started again has it.
    if (result !== -Errno.EEXIST) {
      checked(result, "make", quote(path));
    }
    return path;
  }

  /** Overlayfs has left a note that what it mounted may not be whole on the disk, and does so no more. */
  forgetBriefMount(): void {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    // It closes them to everyone, but to root.
    for (const path of ["work/work", "work/work/incompat", "work/work/incompat/volatile"]) {
      call("fchmodat", this.fd, cstring(path), 0o700);
    }
    using work = new OwnedFd(tryOpenAt(this.fd, "work/work", O_RDONLY | O_DIRECTORY));
    if (work.number >= 0) {
      removeTree(work.number, "incompat");
    }
  }

  /** Whether overlayfs can keep its notes in the writable layer, as an ordinary user's must. */
  keepsUserAttributes(): boolean {
    // On the same file system, and the user's in any case.
    return trySetXattr(this.fd, "user.ocicat", new Uint8Array()) === 0;
  }

  /** `idMaps`: of a container that an ordinary user ran. `onGone` is called once nobody can find it. */
  async remove(idMaps: IdMaps | undefined, onGone: () => void = nothing): Promise<void> {
    if (idMaps !== undefined && idMaps.uid.length > 1) {
      const { takeOwnership } = await import("../../image/owners/take-ownership.ts");
      takeOwnership(this.#folder.number, idMaps);
    }
    // Without its record the container is gone for everyone, whatever becomes of the rest.
    tryUnlinkAt(this.#folder.number, RECORD_NAME);
    onGone();
    // What is moved aside stays in the folder: nothing of a removal that is cut short is anywhere else.
    for (const { name } of readOpenDirectory(this.#folder.number, this.path, byteStringOf)) {
      removeTree(this.#folder.number, name);
    }
    removeTree(this.#parent.number, this.#id);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
    this.#parent[Symbol.dispose]();
  }
}

function nothing(): void {
  // Nobody wants to know.
}

function makeInnerFolders(path: string): void {
  for (const name of ["upper", "work", "root"]) {
    const folder = `${path}/${name}`;
    checked(tryMkdirAt(AT_FDCWD, folder, 0o755), "make", quote(folder));
  }
}

function locked(folder: ContainerFolder): LockedFolder {
  return { folder, lock: folder.lock() };
}

/** LOCK_EX: nobody is between making a folder and locking it. */
export function lockContainers(
  storeRoot: string,
  kind: typeof LOCK_SH | typeof LOCK_EX,
): Disposable {
  using file = new OwnedFd(openContainers(storeRoot));
  checked(tryFlock(file.number, kind), "lock", quote(`${storeRoot}/containers`));
  return new OwnedFd(file.release());
}

function openContainers(storeRoot: string): number {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  return openAt(AT_FDCWD, `${storeRoot}/containers`, O_RDONLY | O_DIRECTORY);
}
