// A container of an ordinary user leaves directories that belong to the ids lent to that user, and so has a
// copy of an image for other ids: what is in them only root of a user namespace with the same maps can remove.
// So they are made the user's before.

import { AT_FDCWD, O_PATH, O_RDONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import type { IdMaps } from "../../plan/request.ts";
import type { Store } from "../../store/layout.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { type SweepOptions, type SweptEntry, sweepStaging } from "../../store/sweep-staging.ts";
import { byteStringOf, quoteByteString, tryOpenByteAt2 } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { readOpenDirectory } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, statAt, tryOpenAt } from "../../sys/file.ts";
import { cstring } from "../../sys/memory.ts";
import { BENEATH, changeOwners, stepsOf } from "./change-owners.ts";
import { rootlessIdMaps } from "./lent-ids.ts";

const OWNER_ONLY = 0o700;
/** Paths are held in memory, and take room in a program. */
const NOTED_LENGTH = 1024 * 1024;

/** As removeTree, whichever of the user's ids its directories belong to. */
export function removeOwnedTree(parentFd: number, name: string, asideFd = parentFd): void {
  const counted = rootlessIdMaps(process.env["USER"]);
  if (counted !== undefined && counted.uid.length > 1) {
    const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
    const fd = tryOpenAt(parentFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd >= 0) {
      using folder = new OwnedFd(fd);
      takeOwnership(folder.number, counted);
    }
  }
  removeTree(parentFd, name, asideFd);
}

/** As sweepStaging. */
export function sweepOwnedStaging(
  store: Store,
  options: Omit<SweepOptions, "remove"> = {},
): readonly SweptEntry[] {
  return sweepStaging(store, { ...options, remove: removeOwnedTree });
}

/** Makes all directories below the open folder the caller's own, for who is about to remove them. */
export function takeOwnership(folderFd: number, counted: IdMaps): void {
  const search: Search = { folderFd, uid: call("geteuid"), counted, foreign: [], length: 0 };
  let waiting = [""];
  while (waiting.length > 0) {
    waiting = takeBelow(search, waiting);
  }
}

interface Search {
  readonly folderFd: number;
  readonly uid: number;
  readonly counted: IdMaps;
  /** Those that are found and not taken yet: paths, as byte strings. */
  foreign: string[];
  /** Of all these paths together. */
  length: number;
}

interface Waiting {
  readonly path: string;
  /** It is below one that was foreign, and is searched again with that. */
  readonly isCovered: boolean;
}

/** Returns where more may show now: a directory that belongs to someone else may hide others. */
function takeBelow(search: Search, paths: readonly string[]): string[] {
  const waiting: Waiting[] = paths.map((path) => ({ path, isCovered: false }));
  const hiding: string[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path } = next;
    using place = openPlace(search.folderFd, path);
    if (place === undefined) {
      continue;
    }
    const isForeign = statAt(place.number, "")?.uid !== search.uid;
    if (isForeign) {
      note(search, path);
    }
    if (isForeign && !next.isCovered) {
      hiding.push(path);
    }
    const isCovered = next.isCovered || isForeign;
    for (const below of directoriesIn(place.number, path)) {
      waiting.push({ path: below, isCovered });
    }
  }
  takeNoted(search);
  return hiding;
}

function note(search: Search, path: string): void {
  search.foreign.push(path);
  search.length += path.length;
  if (search.length > NOTED_LENGTH) {
    takeNoted(search);
  }
}

function takeNoted(search: Search): void {
  const changes = search.foreign.map((path) => ({ path, uid: 0, gid: 0 }));
  changeOwners(search.folderFd, changes, search.counted);
  search.foreign = [];
  search.length = 0;
}

/** Undefined: it is no directory, or not there. */
function openPlace(folderFd: number, path: string): OwnedFd | undefined {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const how = { flags: O_PATH | O_DIRECTORY, resolve: BENEATH };
  let place: OwnedFd | undefined;
  for (const step of stepsOf(path === "" ? "." : path)) {
    using from = place;
    const fd = tryOpenByteAt2(from?.number ?? folderFd, step, how);
    if (fd < 0) {
      return undefined;
    }
    place = new OwnedFd(fd);
  }
  return place;
}

/** Paths of what is, or may be, a directory. None where it can't be seen; the caller's own is opened for that. */
function directoriesIn(placeFd: number, path: string): readonly string[] {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  let fd = tryOpenAt(placeFd, ".", O_RDONLY | O_DIRECTORY);
  if (fd === -Errno.EACCES) {
    call("fchmodat", AT_FDCWD, cstring(`/proc/self/fd/${placeFd}`), OWNER_ONLY);
    fd = tryOpenAt(placeFd, ".", O_RDONLY | O_DIRECTORY);
  }
  if (fd < 0) {
    return [];
  }
  using directory = new OwnedFd(fd);
  const entries = readOpenDirectory(directory.number, quoteByteString(path), byteStringOf);
  return entries
    .filter(({ type }) => type === "directory" || type === "unknown")
    .map(({ name }) => (path === "" ? name : `${path}/${name}`));
}
