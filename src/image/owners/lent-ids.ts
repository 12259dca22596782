// Which ids of the host an ordinary user's containers may have: the user's own, and those that subuid(5) and
// subgid(5) lend to the user.

import type { IdMapping } from "../../oci/mount.ts";
import type { IdMaps } from "../../plan/request.ts";
import { call } from "../../sys/call.ts";
import { readTextFileIfExists, stat } from "../../sys/file.ts";

export const UIDS = "/etc/subuid";
export const GIDS = "/etc/subgid";

/** Root inside is the user, the lent ids come behind it. Undefined for root, who needs none. */
export function rootlessIdMaps(userName: string | undefined): IdMaps | undefined {
  const uid = call("geteuid");
  if (uid === 0) {
    return undefined;
  }
  const gid = call("getegid");
  const names = [String(uid), ...(userName === undefined ? [] : [userName])];
  const lentUids = lentRanges(UIDS, names);
  const lentGids = lentRanges(GIDS, names);
  const hasPrograms = ["newuidmap", "newgidmap"].every(
    (program) => stat(`/usr/bin/${program}`) !== undefined,
  );
  if (!hasPrograms || lentUids.length === 0 || lentGids.length === 0) {
    return { uid: [ownId(uid)], gid: [ownId(gid)] };
  }
  return { uid: behind(ownId(uid), lentUids), gid: behind(ownId(gid), lentGids) };
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
