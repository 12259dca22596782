// Where holders take clients: a container's at STATE ROOT/.attach/ID.sock, an exec's in its folder
// (exec-folder.ts).

import { AT_FDCWD } from "../../abi/file.ts";
import { SOCK_STREAM } from "../../abi/process.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { OwnedFd, renameAt, tryUnlinkAt } from "../../sys/file.ts";
import { connectUnix, listenUnixAt } from "../../sys/socket.ts";
import type { Surroundings } from "../surroundings.ts";

type Place = Pick<Surroundings, "stateRoot">;

export function attachFolder({ stateRoot }: Place): string {
  return `${stateRoot}/.attach`;
}

export const ATTACH_SOCKET_SUFFIX = ".sock";

export function attachSocketName(id: string): string {
  return `${id}${ATTACH_SOCKET_SUFFIX}`;
}

/** Before it can be connected to. */
export function newAttachSocketName(id: string): string {
  return id;
}

/** With one that a killed command has left before it got its name. */
export function removeAttachSocket(place: Place, id: string): void {
  for (const name of [newAttachSocketName(id), attachSocketName(id)]) {
    tryUnlinkAt(AT_FDCWD, `${attachFolder(place)}/${name}`);
  }
}

export interface SocketNames {
  readonly name: string;
  /** Before it can be connected to. */
  readonly newName: string;
}

/**
 * It has its name, in the place of one that a killed holder left, when it can be connected to: whoever sees it
 * appear may do so at once.
 */
export function listenInFolder(folderFd: number, { name, newName }: SocketNames): OwnedFd {
  tryUnlinkAt(folderFd, newName);
  using listener = new OwnedFd(listenUnixAt(folderFd, newName, SOCK_STREAM));
  renameAt(folderFd, newName, folderFd, name);
  return new OwnedFd(listener.release());
}

/** Undefined: nobody listens. */
export function tryConnectToHolder(socketPath: string): OwnedFd | undefined {
  try {
    return new OwnedFd(connectUnix(socketPath, SOCK_STREAM));
  } catch (error) {
    if (error instanceof OcicatError && error.errno !== undefined) {
      return undefined;
    }
    throw error;
  }
}
