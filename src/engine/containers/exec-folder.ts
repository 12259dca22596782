// The folder of a process that `exec` adds to a container. It is on tmpfs, beside the containers' state: a
// reboot takes it together with the process.
//
//   STATE ROOT/.execs/CONTAINER/EXEC/
//     exec.json      what it was asked for, and its start (exec-record.ts)
//     exit.json      how it ended (src/holder/exit-record.ts)
//     attach.sock    where its holder takes clients
//     stdout, stderr FIFOs that it writes to, unless it has a terminal
//                    the holder removes these three when all is over
//
// CONTAINER and EXEC are ids. EXEC is locked (flock) by whoever starts the process and then by its holder,
// for as long as that lives. Whoever makes EXEC has CONTAINER locked (shared) until there is a record: who
// gets that lock alone knows that a folder without one is what a killed command has left.

import { AT_FDCWD, LOCK_EX, LOCK_NB, LOCK_SH, O_PATH, O_RDONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { quote } from "../../error/ocicat-error.ts";
import { EXIT_RECORD_NAME } from "../../holder/exit-record.ts";
import { OUTPUT_FIFO_NAMES } from "../../runtime/output-fifos.ts";
import { checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  statAt,
  tryFlock,
  tryMkdirAt,
  tryOpenAt,
  tryRmdirAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import type { Surroundings } from "../surroundings.ts";
import { listenInFolder, tryConnectToHolder } from "./attach-socket.ts";
import { randomContainerId } from "./container-names.ts";
import {
  EXEC_RECORD_NAME,
  type ExecRecord,
  readExecRecord,
  writeExecRecord,
} from "./exec-record.ts";

const SOCKET_NAME = "attach.sock";
const NEW_SOCKET_NAME = ".attach.sock.new";
const ID = /^[0-9a-f]{64}$/;
const PRIVATE = 0o700;
/** Of one that has ended as it should. The record goes first: without it the exec is gone for everyone. */
const KEPT_FILES = [EXEC_RECORD_NAME, EXIT_RECORD_NAME];
const ALL_FILES = [
  ...KEPT_FILES,
  ...[SOCKET_NAME, NEW_SOCKET_NAME],
  ...OUTPUT_FIFO_NAMES,
  // Of a writer that was killed.
  ...KEPT_FILES.map((name) => `.${name}.new`),
];

export class ExecFolder implements Disposable {
  readonly path: string;
  readonly id: string;
  readonly #folder: OwnedFd;

  private constructor(path: string, id: string, folder: OwnedFd) {
    this.path = path;
    this.id = id;
    this.#folder = folder;
  }

  /** Makes the folder of a new exec, locked, with its record. */
  static create(surroundings: Surroundings, record: Omit<ExecRecord, "id">): ExecFolder {
    const parentPath = execsPath(surroundings, record.container);
    makeDirectories(parentPath, PRIVATE);
    using parent = new OwnedFd(open(parentPath, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
    const subject = `the processes of container ${quote(record.container)}`;
    checked(tryFlock(parent.number, LOCK_SH), "lock", subject);
    const id = randomContainerId();
    checked(tryMkdirAt(parent.number, id, PRIVATE), "make", quote(`${parentPath}/${id}`));
    using stack = new DisposableStack();
    const folder = stack.use(
      new ExecFolder(`${parentPath}/${id}`, id, new OwnedFd(openAt(parent.number, id, O_RDONLY))),
    );
    folder.tryLock();
    folder.write({ ...record, id });
    stack.move();
    return folder;
  }

  /** Undefined: there is none. */
  static open(surroundings: Surroundings, container: string, id: string): ExecFolder | undefined {
    const path = `${execsPath(surroundings, container)}/${id}`;
    const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY);
    return fd < 0 ? undefined : new ExecFolder(path, id, new OwnedFd(fd));
  }

  get fd(): number {
    return this.#folder.number;
  }

  get socketPath(): string {
    return `${this.path}/${SOCKET_NAME}`;
  }

  /** False: somebody starts or holds it. */
  tryLock(): boolean {
    const result = tryFlock(this.fd, LOCK_EX | LOCK_NB);
    if (result !== -Errno.EAGAIN) {
      checked(result, "lock", quote(this.path));
    }
    return result === 0;
  }

  /** Whether somebody starts or holds it. */
  isLocked(): boolean {
    using other = new OwnedFd(openAt(this.fd, ".", O_RDONLY));
    return tryFlock(other.number, LOCK_SH | LOCK_NB) === -Errno.EAGAIN;
  }

  read(): ExecRecord | undefined {
    return readExecRecord(this.fd);
  }

  write(record: ExecRecord): void {
    writeExecRecord(this.fd, record);
  }

  listen(): OwnedFd {
    return listenInFolder(this.fd, { name: SOCKET_NAME, newName: NEW_SOCKET_NAME });
  }

  /** To its holder; undefined: nobody listens. */
  tryConnect(): OwnedFd | undefined {
    return tryConnectToHolder(this.socketPath);
  }

  /** Whether its holder has not come to its end: it goes on, or was killed. */
  get hasSocket(): boolean {
    return statAt(this.fd, SOCKET_NAME) !== undefined;
  }

  /** Its holder may still be there, and write: then nothing comes of it. */
  remove(): void {
    removeFolder(AT_FDCWD, this.path);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function execsPath({ stateRoot }: Surroundings, container: string): string {
  return `${execsRoot(stateRoot)}/${container}`;
}

function execsRoot(stateRoot: string): string {
  return `${stateRoot}/.execs`;
}

/** A holder may put its exit record into the folder in the moment that it was empty. */
const REMOVE_ATTEMPTS = 5;

function removeFolder(parentFd: number, name: string): void {
  for (let attempt = 1; ; attempt += 1) {
    for (const file of attempt === 1 ? KEPT_FILES : ALL_FILES) {
      tryUnlinkAt(parentFd, `${name}/${file}`);
    }
    const result = tryRmdirAt(parentFd, name);
    if (result === 0 || result === -Errno.ENOENT) {
      return;
    }
    if (result !== -Errno.ENOTEMPTY || attempt === REMOVE_ATTEMPTS) {
      checked(result, "remove", quote(name));
    }
  }
}

/** The ids of a container's execs, in no order; of those, too, that are being made. */
export function listExecIds(surroundings: Surroundings, container: string): string[] {
  return idsIn(execsPath(surroundings, container));
}

/** As listExecIds, without those that are being made or removed. */
export function recordedExecIds(surroundings: Surroundings, container: string): string[] {
  return eachExec(surroundings, container, ({ id, fd }) =>
    statAt(fd, EXEC_RECORD_NAME) === undefined ? [] : [id],
  ).flat();
}

/** The ids of containers that have, or had, execs. */
export function containersWithExecs({ stateRoot }: Surroundings): string[] {
  return idsIn(execsRoot(stateRoot));
}

function idsIn(path: string): string[] {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY);
  if (fd < 0) {
    return [];
  }
  using folder = new OwnedFd(fd);
  return readDirectoryAt(folder.number, ".")
    .map(({ name }) => name)
    .filter((name) => ID.test(name));
}

/** Removes what is left of the execs of a container that is gone. */
export function removeExecFolders(surroundings: Surroundings, container: string): void {
  const path = execsPath(surroundings, container);
  const fd = tryOpenAt(AT_FDCWD, path, O_PATH);
  if (fd < 0) {
    return;
  }
  using parent = new OwnedFd(fd);
  for (const id of idsIn(path)) {
    removeFolder(parent.number, id);
  }
  tryRmdirAt(AT_FDCWD, path);
}

/**
 * Calls `visit` with each exec of the container, while nobody makes another; not at all where somebody
 * does.
 */
export function eachExecAlone(
  surroundings: Surroundings,
  container: string,
  visit: (folder: ExecFolder) => void,
): void {
  const path = execsPath(surroundings, container);
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) {
    return;
  }
  using parent = new OwnedFd(fd);
  if (tryFlock(parent.number, LOCK_EX | LOCK_NB) === 0) {
    eachExec(surroundings, container, visit);
  }
}

/** Calls `visit` with each exec of the container, open for the time of the call. */
export function eachExec<Result>(
  surroundings: Surroundings,
  container: string,
  visit: (folder: ExecFolder) => Result,
): Result[] {
  return listExecIds(surroundings, container).flatMap((id) => {
    using folder = ExecFolder.open(surroundings, container, id);
    return folder === undefined ? [] : [visit(folder)];
  });
}
