// The ids of containers with a user namespace.
//
// One that a user without privileges runs has one in any case: root inside is the user outside, and the
// ids behind it are those that subuid(5) and subgid(5) lend the user. Its files belong to those ids.
//
// One that root runs has one if that is asked for (containers/choose-users.ts). Its files keep the ids that it
// sees, and are shown to it by id-mapped mounts.

import { OcicatError } from "../error/ocicat-error.ts";
import type { IdMapping } from "../oci/mount.ts";
import { call } from "../sys/call.ts";
import { readTextFileIfExists, stat } from "../sys/file.ts";
import type { RunContainerOptions } from "./run-options.ts";
import type { IdMaps } from "./run-spec.ts";

/** Of a container that was created with ids of its own. Its files know nothing of them. */
export function ownIdMaps({ users }: Pick<RunContainerOptions, "users">): IdMaps | undefined {
  return users?.kind === "maps" ? users : undefined;
}

/** Undefined for a user who needs none. */
export function rootlessIdMaps(userName: string | undefined): IdMaps | undefined {
  const uid = call("geteuid");
  if (uid === 0) {
    return undefined;
  }
  const gid = call("getegid");
  const names = [String(uid), ...(userName === undefined ? [] : [userName])];
  const lentUids = lentRanges("/etc/subuid", names);
  const lentGids = lentRanges("/etc/subgid", names);
  const hasPrograms = ["newuidmap", "newgidmap"].every(
    (program) => stat(`/usr/bin/${program}`) !== undefined,
  );
  if (!hasPrograms || lentUids.length === 0 || lentGids.length === 0) {
    return { uid: [ownId(uid)], gid: [ownId(gid)] };
  }
  return { uid: behind(ownId(uid), lentUids), gid: behind(ownId(gid), lentGids) };
}

/** Throws "unsupported" for a user whom a container with these ids does not have. */
export function checkUser(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  maps: IdMaps | undefined,
): void {
  const isMissing = (id: number, mappings: readonly IdMapping[]): boolean =>
    !mappings.some(({ containerID, size }) => id >= containerID && id < containerID + size);
  if (maps === undefined || !(isMissing(uid, maps.uid) || isMissing(gid, maps.gid))) {
    return;
  }
  throw new OcicatError("unsupported", {
    operation: "run as",
    subject: `the user ${uid}:${gid}`,
    reason: "the container has no such ids",
    hint:
      call("geteuid") === 0
        ? "--uidmap and --gidmap say which ones it has, `--userns auto` gives it 65536"
        : "/etc/subuid and /etc/subgid lend ids to an ordinary user: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME`",
  });
}

function ownId(hostID: number): IdMapping {
  return { containerID: 0, hostID, size: 1 };
}

export interface IdRange {
  readonly start: number;
  readonly size: number;
}

/** Lines NAME-OR-ID:START:COUNT. */
export function lentRanges(path: string, names: readonly string[]): IdRange[] {
  return (readTextFileIfExists(path) ?? "").split("\n").flatMap((line) => {
    const [name = "", start = "", size = ""] = line.split(":");
    const isLent = names.includes(name) && /^\d+$/.test(start) && /^\d+$/.test(size);
    return isLent ? [{ start: Number(start), size: Number(size) }] : [];
  });
}

function behind(own: IdMapping, ranges: readonly IdRange[]): IdMapping[] {
  const mappings = [own];
  let containerID = 1;
  for (const { start, size } of ranges) {
    mappings.push({ containerID, hostID: start, size });
    containerID += size;
  }
  return mappings;
}
