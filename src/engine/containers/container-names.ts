// Names of containers. A name is a symbolic link that leads to the container's id:
//
//   STORE/names/NAME -> ID
//
// so that taking a name is one call which succeeds for one caller alone. It is taken before the container's
// record is written, under the lock of the container's folder: a link that leads to no record counts for
// nothing once that lock is free. Whoever removes a link holds the lock of STORE/names.

import { AT_FDCWD, LOCK_EX, O_RDONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { closedStore } from "../../store/closed-store.ts";
import { bytePath, readLinkByteAt } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  statAt,
  tryFlock,
  tryOpenAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { ContainerFolder } from "./container-folder.ts";
import { isUnreadable, RECORD_NAME, readContainerRecord } from "./container-record.ts";

const NAMES_FOLDER = "names";
/** Docker's and podman's. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const ID = /^[0-9a-f]{64}$/;

/** `inspect` writes a slash before a name, as docker's does, and docker takes it back. */
export function withoutSlash(name: string): string {
  return name.startsWith("/") ? name.slice(1) : name;
}

export function checkContainerName(name: string): void {
  if (!NAME.test(name)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the name ${quote(name.slice(0, 200))}`,
      reason: "a name has letters, digits and _ . - and begins with a letter or a digit",
    });
  }
}

export function randomContainerId(): string {
  const bytes = new Uint8Array(32);
  crypto.getRandomValues(bytes);
  return bytes.toHex();
}

/** False: another container has the name. */
export function claimName(storeRoot: string, name: string, id: string): boolean {
  makeDirectories(`${storeRoot}/${NAMES_FOLDER}`, 0o700);
  using names = openNames(storeRoot);
  for (;;) {
    const target = bytePath(id);
    const result = call("symlinkat", target, names.number, bytePath(name));
    if (result !== -Errno.EEXIST) {
      checked(result, "take", `the name ${quote(name)}`);
      return true;
    }
    if (isTaken(storeRoot, name, readNameAt(names.number, name))) {
      return false;
    }
    unlinkFreeName(storeRoot, name);
  }
}

/** Removes the link unless it is a container's, or of one that is being made. */
function unlinkFreeName(storeRoot: string, name: string): void {
  using names = openNames(storeRoot);
  checked(tryFlock(names.number, LOCK_EX), "lock", "the names of containers");
  const owner = readNameAt(names.number, name);
  if (owner !== undefined && !isTaken(storeRoot, name, owner)) {
    tryUnlinkAt(names.number, name);
  }
}

/** By a container that has the name now, or may have it, or by one whose making, renaming or removal goes on. */
function isTaken(storeRoot: string, name: string, owner: string | undefined): boolean {
  if (owner === undefined || !ID.test(owner)) {
    return false;
  }
  try {
    using folder = ContainerFolder.open(storeRoot, owner);
    const hasName = (): boolean => readContainerRecord(folder.fd)?.name === name;
    if (hasName()) {
      return true;
    }
    using lock = folder.tryLock();
    return lock === undefined || hasName();
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return false;
    }
    if (isUnreadable(error)) {
      return true;
    }
    throw error;
  }
}

/** Removes the links that killed commands have left. */
export function sweepNames(storeRoot: string): void {
  const fd = tryOpenNames(storeRoot);
  if (fd < 0) {
    return;
  }
  using names = new OwnedFd(fd);
  for (const { name } of readDirectoryAt(names.number, ".")) {
    unlinkFreeName(storeRoot, name);
  }
}

/** Nothing happens if the name has another owner by now. */
export function releaseName(storeRoot: string, name: string, id: string): void {
  const fd = tryOpenNames(storeRoot);
  if (fd < 0) {
    return;
  }
  using names = new OwnedFd(fd);
  checked(tryFlock(names.number, LOCK_EX), "lock", "the names of containers");
  if (readNameAt(names.number, name) === id) {
    tryUnlinkAt(names.number, name);
  }
}

/** The id of the one container that `word` means: its name, its id or the beginning of its id. */
export function findContainerId(storeRoot: string, word: string): string {
  const id = tryFindContainerId(storeRoot, word);
  if (id === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(word.slice(0, 200))}`,
      reason: "there is none of this name or id",
      hint: "`ocicat ps -a` lists them",
    });
  }
  return id;
}

/**
 * A name may have a slash before it: `inspect` writes it so, as docker's does. Throws for the beginning of several
 * ids.
 */
export function tryFindContainerId(storeRoot: string, word: string): string | undefined {
  const name = word.replace(/^\//, "");
  const named = NAME.test(name) ? idOfName(storeRoot, name) : undefined;
  if (named !== undefined) {
    return named;
  }
  if (!/^[0-9a-f]{1,64}$/.test(word)) {
    return undefined;
  }
  // A whole id needs no look at the others.
  if (containerExists(storeRoot, word)) {
    return word;
  }
  const [id, ...others] = listContainerIds(storeRoot).filter((each) => each.startsWith(word));
  if (others.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "find",
      subject: `container ${quote(word)}`,
      reason: `${others.length + 1} ids begin so`,
    });
  }
  return id;
}

/** Of all that have a folder. */
export function listContainerIds(storeRoot: string): string[] {
  const fd = tryOpenFolder(storeRoot, "containers");
  if (fd < 0) {
    return [];
  }
  using folder = new OwnedFd(fd);
  return readDirectoryAt(folder.number, ".")
    .map(({ name }) => name)
    .filter((name) => ID.test(name));
}

/** Those of killed commands may be among them. */
export function listContainerNames(storeRoot: string): string[] {
  const fd = tryOpenNames(storeRoot);
  if (fd < 0) {
    return [];
  }
  using names = new OwnedFd(fd);
  return readDirectoryAt(names.number, ".").map(({ name }) => name);
}

/** Undefined: no container has it. */
export function idOfName(storeRoot: string, name: string): string | undefined {
  const fd = tryOpenNames(storeRoot);
  if (fd < 0) {
    return undefined;
  }
  using names = new OwnedFd(fd);
  const id = readNameAt(names.number, name);
  return id !== undefined && containerExists(storeRoot, id) ? id : undefined;
}

function containerExists(storeRoot: string, id: string): boolean {
  return (
    ID.test(id) && statAt(AT_FDCWD, `${storeRoot}/containers/${id}/${RECORD_NAME}`) !== undefined
  );
}

function readNameAt(namesFd: number, name: string): string | undefined {
  return statAt(namesFd, name) === undefined ? undefined : readLinkByteAt(namesFd, name);
}

function openNames(storeRoot: string): OwnedFd {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  return new OwnedFd(open(`${storeRoot}/${NAMES_FOLDER}`, O_RDONLY | O_DIRECTORY));
}

function tryOpenNames(storeRoot: string): number {
  return tryOpenFolder(storeRoot, NAMES_FOLDER);
}

/** -errno where there is none. One that is closed to us is no empty one: throws "permission-denied". */
function tryOpenFolder(storeRoot: string, name: string): number {
  const flags = O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY;
  const fd = tryOpenAt(AT_FDCWD, `${storeRoot}/${name}`, flags);
  if (fd === -Errno.EACCES) {
    throw closedStore(storeRoot);
  }
  return fd;
}
