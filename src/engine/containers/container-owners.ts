// Whose a container's files are inside of it, by whose they are on the disk. No I/O.

import type { MapOwner } from "../../image/formats/export-item.ts";
import type { IdMapping } from "../../oci/mount.ts";
import type { IdMaps } from "../run-spec.ts";

/** What the kernel shows for an id that has no place inside: /proc/sys/kernel/overflowuid. */
const NOBODY = 65_534;

/** `idMaps`: undefined for a container without a user namespace. */
export function ownersInside(idMaps: IdMaps | undefined): MapOwner {
  return idMaps === undefined
    ? (owner) => owner
    : ({ uid, gid }) => ({ uid: inside(idMaps.uid, uid), gid: inside(idMaps.gid, gid) });
}

function inside(mappings: readonly IdMapping[], id: number): number {
  const mapping = mappings.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return mapping === undefined ? NOBODY : mapping.containerID + (id - mapping.hostID);
}
