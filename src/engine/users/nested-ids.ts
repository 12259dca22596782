// The maps of an ordinary user's containers. No I/O.
//
// The ids that a user has for containers are counted as podman counts them: 0 is the user, 1 and those behind
// it are what subuid(5) and subgid(5) lend, one range after the other. A map that is asked for names these, so
// none can reach an id that is not the user's.
//
//   asked for      INSIDE -> COUNTED      --uidmap 0:1:1000
//   counted        COUNTED -> HOST        0 -> 1000, 1... -> 100000...
//   a container's  INSIDE -> HOST         0 -> 100000...

import { OcicatError } from "../../error/ocicat-error.ts";
import type { IdMapping } from "../../oci/mount.ts";

export type Kind = "user" | "group";

/** How many ids there are beside the user's own. */
export function countLent(counted: readonly IdMapping[]): number {
  return counted.reduce((sum, { size }) => sum + size, 0) - 1;
}

/** `id` inside is the user; the others have lent ones, in order. */
export function keepId(id: number, lent: number): readonly IdMapping[] {
  const below = Math.min(id, lent);
  return [
    { containerID: 0, hostID: 1, size: below },
    { containerID: id, hostID: 0, size: 1 },
    { containerID: id + 1, hostID: id + 1, size: Math.max(lent - id, 0) },
  ].filter(({ size }) => size > 0);
}

/** The user is nobody inside. */
export function leaveOut(lent: number): readonly IdMapping[] {
  return lent === 0 ? [] : [{ containerID: 0, hostID: 1, size: lent }];
}

/** What a map means on the host. Throws "permission-denied" for an id that is not among those counted. */
export function onHost(
  asked: readonly IdMapping[],
  counted: readonly IdMapping[],
  kind: Kind,
): readonly IdMapping[] {
  return asked.flatMap((mapping) => splitOnHost(mapping, counted, kind));
}

function splitOnHost(
  asked: IdMapping,
  counted: readonly IdMapping[],
  kind: Kind,
): readonly IdMapping[] {
  const end = asked.hostID + asked.size;
  const parts = counted.flatMap(({ containerID: from, hostID, size }) => {
    const start = Math.max(asked.hostID, from);
    const length = Math.min(end, from + size) - start;
    const containerID = asked.containerID + (start - asked.hostID);
    return length > 0 ? [{ containerID, hostID: hostID + (start - from), size: length }] : [];
  });
  if (parts.reduce((sum, { size }) => sum + size, 0) < asked.size) {
    throw notLent(asked, counted, kind);
  }
  return parts;
}

function notLent(asked: IdMapping, counted: readonly IdMapping[], kind: Kind): OcicatError {
  const { containerID, hostID, size } = asked;
  return new OcicatError("permission-denied", {
    operation: "map",
    subject: `the ${kind} ids ${containerID}:${hostID}:${size}`,
    reason: `you have ${countLent(counted) + 1} of them, counted from 0 on: the first is your own`,
    hint: lendingHint(),
  });
}

export function lendingHint(): string {
  return "/etc/subuid and /etc/subgid lend ids to an ordinary user: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME`";
}

/** The ids 0 to `size` - 1 inside: some as they are asked for, the others with those from `start` on. */
export function fillUp(
  size: number,
  start: number,
  fixed: readonly IdMapping[],
): readonly IdMapping[] {
  const filled: IdMapping[] = [];
  let containerID = 0;
  let hostID = start;
  const fillTo = (end: number): void => {
    if (end > containerID) {
      filled.push({ containerID, hostID, size: end - containerID });
      hostID += end - containerID;
    }
  };
  const inOrder = fixed.toSorted((one, other) => one.containerID - other.containerID);
  for (const mapping of inOrder) {
    fillTo(Math.min(mapping.containerID, size));
    filled.push(mapping);
    containerID = Math.max(containerID, mapping.containerID + mapping.size);
  }
  fillTo(size);
  return filled;
}

/** How many of the ids 0 to `size` - 1 inside `fillUp` takes from its start. */
export function missingIds(size: number, fixed: readonly IdMapping[]): number {
  const covered = fixed.reduce(
    (sum, { containerID, size: length }) =>
      sum + Math.max(0, Math.min(size, containerID + length) - containerID),
    0,
  );
  return size - covered;
}

/** The other way round. */
export function swapped(map: readonly IdMapping[]): readonly IdMapping[] {
  return map.map(({ containerID, hostID, size }) => ({
    containerID: hostID,
    hostID: containerID,
    size,
  }));
}

/** By what a program in a user namespace with the user's ids calls those of the host. */
export function countedId(hostID: number, counted: readonly IdMapping[]): number | undefined {
  const mapping = counted.find((each) => hostID >= each.hostID && hostID < each.hostID + each.size);
  return mapping === undefined ? undefined : mapping.containerID + (hostID - mapping.hostID);
}
