// A container of an ordinary user leaves directories that belong to the ids lent to that user, and so has a
// copy of an image for other ids: what is in them only root of a user namespace with the same maps can remove.
// So they are made the user's before.

import { O_RDONLY, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "../../abi/file.ts";
import { quote } from "../../error/ocicat-error.ts";
import type { IdMaps } from "../../plan/request.ts";
import type { Store } from "../../store/layout.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { type SweepOptions, type SweptEntry, sweepStaging } from "../../store/sweep-staging.ts";
import { call } from "../../sys/call.ts";
import { readOpenDirectory } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, statAt, tryOpenAt, tryOpenAt2 } from "../../sys/file.ts";
import { changeOwners } from "./change-owners.ts";
import { rootlessIdMaps } from "./lent-ids.ts";

const BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

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

/** Makes all directories below the open folder the caller's own. */
export function takeOwnership(folderFd: number, counted: IdMaps): void {
  const uid = call("geteuid");
  for (;;) {
    const foreign: string[] = [];
    collectForeign({ folderFd, uid, foreign }, "");
    if (foreign.length === 0) {
      return;
    }
    const changes = foreign.map((path) => ({ path, uid: 0, gid: 0 }));
    changeOwners(folderFd, changes, counted);
  }
}

interface Search {
  readonly folderFd: number;
  readonly uid: number;
  readonly foreign: string[];
}

/** A directory that belongs to someone else may hide others: the next search finds those. */
function collectForeign(search: Search, path: string): void {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const how = { flags: O_RDONLY | O_DIRECTORY, resolve: BENEATH };
  const fd = tryOpenAt2(search.folderFd, path === "" ? "." : path, how);
  if (fd < 0) {
    return;
  }
  using directory = new OwnedFd(fd);
  for (const { name, type } of readOpenDirectory(directory.number, quote(path))) {
    if (type !== "directory") {
      continue;
    }
    const below = path === "" ? name : `${path}/${name}`;
    if (statAt(directory.number, name)?.uid !== search.uid) {
      search.foreign.push(below);
    }
    collectForeign(search, below);
  }
}
