// Whose a container's files are inside of it, by whose they are on the disk. No I/O.

import { OcicatError } from "../../error/ocicat-error.ts";
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

/** The other way round. Throws "unsupported" for an id that the container does not have. */
export function ownersOutside({ uid, gid }: IdMaps): MapOwner {
  return (owner) => ({
    uid: outside(uid, owner.uid, "user"),
    gid: outside(gid, owner.gid, "group"),
  });
}

function outside(mappings: readonly IdMapping[], id: number, kind: "user" | "group"): number {
  const mapping = mappings.find(
    ({ containerID, size }) => id >= containerID && id < containerID + size,
  );
  if (mapping === undefined) {
    throw new OcicatError("unsupported", {
      operation: "give",
      subject: `a file to the ${kind} ${id}`,
      reason: `the container's user namespace has no such ${kind}`,
    });
  }
  return mapping.hostID + (id - mapping.containerID);
}

function inside(mappings: readonly IdMapping[], id: number): number {
  const mapping = mappings.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return mapping === undefined ? NOBODY : mapping.containerID + (id - mapping.hostID);
}
