// The folder of a container, on tmpfs:
//
//   ROOT/ID/            locked (flock) by the verb that changes the container
//     state.json        ContainerState: replaced in one step, never changed in place
//     config.json       the bundle's configuration as it was when the container was created
//     provenance.json   of a created container: what each op of the program after the commit stands for
//                       (see start.ts)
//     start.sock        a created container's init listens here
//     init.lock         locked by init until it executes the container's process
//     stdout, stderr    FIFOs that a container with a holder writes to, for the next holder to open
//     notify/           notify.sock, where the container tells that it is ready (service-protocols.ts)
//
// The folder appears with state "creating" before anything else of the container does: whoever finds it
// knows what there may be to remove.

import { AT_FDCWD, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, O_RDONLY } from "../abi/file.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { INIT_LOCK, START_SOCKET } from "../plan/reports.ts";
import { checked } from "../sys/call.ts";
import { readOpenDirectory } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  isTorn,
  makeDirectories,
  OwnedFd,
  readTextAtIfExists,
  replaceBriefFileAt,
  replaceFileAt,
  tryFlock,
  tryMkdirAt,
  tryOpenAt,
  tryRmdirAt,
  tryUnlinkAt,
} from "../sys/file.ts";
import { checkContainerId } from "./container-id.ts";
import type { ResctrlGroup } from "./intel-rdt.ts";
import { OUTPUT_FIFO_NAMES } from "./output-fifos.ts";

export const STATE_VERSION = 1;

export interface ContainerState {
  readonly version: typeof STATE_VERSION;
  readonly id: string;
  /** "creating" until the commit; what it is from then on follows from its init. */
  readonly phase: "creating" | "committed";
  readonly ociVersion: string;
  /** Absolute. */
  readonly bundle: string;
  /** Absolute path of the root file system, as the configuration has it. */
  readonly rootfs: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroup: ContainerCgroup;
  /** The cgroup was made, or found empty: what is in it belongs to the container. */
  readonly ownsCgroup: boolean;
  /** 0 while "creating" and not yet cloned. A pid may be reused; with its start time it may not. */
  readonly pid: number;
  readonly startTime: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  /** CLONE_NEW* of the namespaces that are not the runtime's. */
  readonly namespaces: number;
  readonly rootless: boolean;
  /** Of linux.intelRdt; recorded before it is made. */
  readonly resctrl?: ResctrlGroup;
}

const STATE_FILE = "state.json";
const CONFIG_FILE = "config.json";
const PROVENANCE_FILE = "provenance.json";
const FILES: readonly string[] = [
  ...[STATE_FILE, CONFIG_FILE, PROVENANCE_FILE, START_SOCKET, INIT_LOCK],
  ...OUTPUT_FIFO_NAMES,
];
const STATE_LIMIT = 1024 * 1024;
const CONFIG_LIMIT = 16 * 1024 * 1024;

export function stateFolderPath(stateRoot: string, id: string): string {
  return `${stateRoot}/${id}`;
}

function notFound(): OcicatError {
  // containerd, CRI-O and Podman look for "does not exist".
  return new OcicatError("not-found", {
    operation: "find",
    subject: "container",
    reason: "container does not exist",
  });
}

/** An open and locked container folder; disposing it gives up the lock. */
export class StateDirectory implements Disposable {
  readonly path: string;
  readonly #directory: OwnedFd;

  private constructor(path: string, directory: OwnedFd) {
    this.path = path;
    this.#directory = directory;
  }

  /** Makes the folder. Throws "already-exists" for an id in use. */
  static create(root: string, id: string): StateDirectory {
    checkContainerId(id);
    makeDirectories(root, 0o711);
    const path = `${root}/${id}`;
    const result = tryMkdirAt(AT_FDCWD, path, 0o700);
    if (result === -Errno.EEXIST) {
      throw new OcicatError("already-exists", {
        operation: "create",
        subject: `container ${quote(id)}`,
        reason: "container with given ID already exists",
      });
    }
    checked(result, "make the state folder", quote(path));
    return StateDirectory.open(root, id);
  }

  /** Opens and locks the folder of a container; waits for a verb that has it locked. */
  static open(root: string, id: string, lock = LOCK_EX): StateDirectory {
    using directory = openFolder(root, id);
    checked(tryFlock(directory.number, lock), "lock", quote(`${root}/${id}`));
    return new StateDirectory(`${root}/${id}`, new OwnedFd(directory.release()));
  }

  /**
   * For those who look or send a signal: they wait for nobody. A hook may ask for the state of its own
   * container, and one that takes long to start can be killed.
   */
  static openUnlocked(root: string, id: string): StateDirectory {
    using directory = openFolder(root, id);
    return new StateDirectory(`${root}/${id}`, new OwnedFd(directory.release()));
  }

  get fd(): number {
    return this.#directory.number;
  }

  writeState(state: ContainerState): void {
    replaceBriefFileAt(this.fd, STATE_FILE, JSON.stringify(state));
  }

  /** Undefined where a crash came between the folder and its first state, or a power cut after it. */
  readStateIfExists(): ContainerState | undefined {
    const text = readTextAtIfExists(this.fd, STATE_FILE, STATE_LIMIT);
    return text === undefined || isTorn(text)
      ? undefined
      : parseState(text, `${this.path}/${STATE_FILE}`);
  }

  readState(): ContainerState {
    const state = this.readStateIfExists();
    if (state === undefined) {
      throw notFound();
    }
    return state;
  }

  writeConfig(text: string): void {
    replaceFileAt(this.fd, CONFIG_FILE, text);
  }

  readConfig(): string {
    return readTextAtIfExists(this.fd, CONFIG_FILE, CONFIG_LIMIT) ?? "{}";
  }

  writeProvenance(text: string): void {
    replaceFileAt(this.fd, PROVENANCE_FILE, text);
  }

  readProvenance(): string | undefined {
    return readTextAtIfExists(this.fd, PROVENANCE_FILE, CONFIG_LIMIT);
  }

  /** Whether init still holds the lock that its execve releases: the container is created. */
  initHoldsLock(): boolean {
    const fd = tryOpenAt(this.fd, INIT_LOCK, O_RDONLY);
    if (fd < 0) {
      return false;
    }
    using lock = new OwnedFd(fd);
    return tryFlock(lock.number, LOCK_SH | LOCK_NB) === -Errno.EAGAIN;
  }

  /** Execve closes init's descriptors one after the other: this one maybe a moment after its socket. */
  awaitReleaseByInit(): void {
    const fd = tryOpenAt(this.fd, INIT_LOCK, O_RDONLY);
    if (fd >= 0) {
      using lock = new OwnedFd(fd);
      checked(tryFlock(lock.number, LOCK_SH), "lock", quote(`${this.path}/${INIT_LOCK}`));
    }
  }

  removeStartFiles(): void {
    tryUnlinkAt(this.fd, START_SOCKET);
  }

  /** Removes the folder; a verb that waits for its lock then finds no state. */
  remove(): void {
    for (const { name } of readOpenDirectory(this.fd, quote(this.path))) {
      if (FILES.includes(name) || name.startsWith(".")) {
        tryUnlinkAt(this.fd, name);
      }
    }
    tryUnlinkAt(this.fd, "notify/notify.sock");
    tryRmdirAt(this.fd, "notify");
    const result = tryRmdirAt(AT_FDCWD, this.path);
    if (result !== -Errno.ENOENT) {
      checked(result, "remove", quote(this.path));
    }
  }

  [Symbol.dispose](): void {
    tryFlock(this.fd, LOCK_UN);
    this.#directory[Symbol.dispose]();
  }
}

function openFolder(root: string, id: string): OwnedFd {
  checkContainerId(id);
  const path = `${root}/${id}`;
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY);
  if (fd === -Errno.ENOENT || fd === -Errno.ENOTDIR) {
    throw notFound();
  }
  return new OwnedFd(checked(fd, "open", quote(path)));
}

function parseState(text: string, path: string): ContainerState {
  const state = JSON.parse(text);
  if (state.version !== STATE_VERSION) {
    throw new OcicatError("unsupported", {
      operation: "read",
      subject: quote(path),
      reason: `its version ${state.version} is not ${STATE_VERSION}`,
    });
  }
  return state;
}

/** Ids of all containers below `root`, sorted. */
export function listContainerIds(root: string): string[] {
  const fd = tryOpenAt(AT_FDCWD, root, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY);
  if (fd === -Errno.ENOENT) {
    return [];
  }
  using directory = new OwnedFd(checked(fd, "open", quote(root)));
  return readOpenDirectory(directory.number, quote(root))
    .filter(({ name, type }) => type === "directory" && !name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}
