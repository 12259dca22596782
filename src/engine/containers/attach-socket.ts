// Where a container's holder takes clients: STATE ROOT/.attach/ID.sock

import { AT_FDCWD } from "../../abi/file.ts";
import { tryUnlinkAt } from "../../sys/file.ts";
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
