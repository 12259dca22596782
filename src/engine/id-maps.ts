// The ids of containers with a user namespace.
//
// One that an ordinary user runs has one in any case: root inside is the user outside, and the ids behind it
// are those that subuid(5) and subgid(5) lend the user (image/owners/lent-ids.ts). Others are asked for
// (users/choose-users.ts).
//
// The files of root's containers keep the ids that these see, and are shown to them by id-mapped mounts. An
// ordinary user may not map the ids of any mount: the image's files are unpacked once more for the container's
// ids, and whatever else the container has of its own is given to them (users/give-files.ts).

import { OcicatError } from "../error/ocicat-error.ts";
import type { IdMapping } from "../oci/mount.ts";
import { call } from "../sys/call.ts";
import type { RunContainerOptions } from "./run-options.ts";
import type { IdMaps } from "./run-spec.ts";
import { lendingHint } from "./users/nested-ids.ts";

type Users = Pick<RunContainerOptions, "users">;

/** Of a container that was created with ids of its own. */
export function ownIdMaps({ users }: Users): IdMaps | undefined {
  return users?.kind === "maps" ? users : undefined;
}

/** Of a container's user namespace. `counted`: those of an ordinary user. Undefined: it has none. */
export function containerIdMaps(options: Users, counted: IdMaps | undefined): IdMaps | undefined {
  return ownIdMaps(options) ?? counted;
}

/** What the container's files know nothing of: id-mapped mounts show them so. */
export function mountIdMaps(options: Users): IdMaps | undefined {
  return call("geteuid") === 0 ? ownIdMaps(options) : undefined;
}

/**
 * An ordinary user's container whose root is not the user: its files belong to these ids. Undefined: they
 * belong to the user, or know nothing of any maps.
 */
export function fileIdMaps(options: Users): IdMaps | undefined {
  const maps = ownIdMaps(options);
  const uid = call("geteuid");
  const isUsers = maps !== undefined && isRoot(maps.uid, uid) && isRoot(maps.gid, call("getegid"));
  return uid === 0 || isUsers ? undefined : maps;
}

function isRoot(map: readonly IdMapping[], id: number): boolean {
  return hostIdOf(map, 0) === id;
}

/** Undefined: the container has no such id. */
export function hostIdOf(map: readonly IdMapping[], id: number): number | undefined {
  const mapping = map.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return mapping === undefined ? undefined : mapping.hostID + (id - mapping.containerID);
}

const CHOOSING_HINT =
  "--uidmap and --gidmap say which ones it has, `--userns auto:size=NUMBER` how many";

/** Throws "unsupported" for a user whom a container with these ids does not have. */
export function checkUser(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  maps: IdMaps | undefined,
  { areChosen }: { readonly areChosen: boolean },
): void {
  if (
    maps === undefined ||
    (hostIdOf(maps.uid, uid) !== undefined && hostIdOf(maps.gid, gid) !== undefined)
  ) {
    return;
  }
  throw new OcicatError("unsupported", {
    operation: "run as",
    subject: `the user ${uid}:${gid}`,
    reason: "the container has no such ids",
    hint: areChosen ? CHOOSING_HINT : lendingHint(),
  });
}
