// Names of containers. A name is a symbolic link that leads to the container's id:
//
//   STORE/names/NAME -> ID
//
// so that taking a name is one call which succeeds for one caller alone. A link whose container is gone
// (a process was killed between the two) counts for nothing.

import { AT_FDCWD, O_RDONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { bytePath, readLinkByteAt } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { makeDirectories, OwnedFd, open, statAt, tryOpenAt, tryUnlinkAt } from "../../sys/file.ts";
import { RECORD_NAME } from "./container-record.ts";

const NAMES_FOLDER = "names";
/** Docker's and podman's. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const ID = /^[0-9a-f]{64}$/;

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
    const owner = readNameAt(names.number, name);
    if (owner !== undefined && containerExists(storeRoot, owner)) {
      return false;
    }
    tryUnlinkAt(names.number, name);
  }
}

/** Nothing happens if the name has another owner by now. */
export function releaseName(storeRoot: string, name: string, id: string): void {
  const fd = tryOpenNames(storeRoot);
  if (fd < 0) {
    return;
  }
  using names = new OwnedFd(fd);
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

/** Throws for the beginning of several ids. */
export function tryFindContainerId(storeRoot: string, word: string): string | undefined {
  const named = NAME.test(word) ? idOfName(storeRoot, word) : undefined;
  if (named !== undefined) {
    return named;
  }
  if (!/^[0-9a-f]{1,64}$/.test(word)) {
    return undefined;
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
  const fd = tryOpenFolder(`${storeRoot}/containers`);
  if (fd < 0) {
    return [];
  }
  using folder = new OwnedFd(fd);
  return readDirectoryAt(folder.number, ".")
    .map(({ name }) => name)
    .filter((name) => ID.test(name));
}

function idOfName(storeRoot: string, name: string): string | undefined {
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
  return tryOpenFolder(`${storeRoot}/${NAMES_FOLDER}`);
}

function tryOpenFolder(path: string): number {
  return tryOpenAt(AT_FDCWD, path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY);
}
