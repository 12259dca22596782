// What a file is like that this process makes in a folder: whom it belongs to, and which permissions it can
// be made with. The umask, the folder's setgid bit and default ACL and the mount's options have a say in it;
// trying tells all of it, and saves two calls for each file of a layer.

import { O_CREAT, O_EXCL, O_WRONLY } from "../../abi/file.ts";
import { OwnedFd, openAt, statAt, tryUnlinkAt } from "../../sys/file.ts";

export interface FreshFile {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits that a new file keeps. */
  readonly mode: number;
}

const ALL_PERMISSIONS = 0o777;
const NAME = "trial";

/** `folderFd`: an empty folder, which is empty again afterwards. */
export function freshFileIn(folderFd: number): FreshFile {
  using file = new OwnedFd(openAt(folderFd, NAME, O_WRONLY | O_CREAT | O_EXCL, ALL_PERMISSIONS));
  tryUnlinkAt(folderFd, NAME);
  const { uid = -1, gid = -1, mode = 0 } = statAt(file.number, "") ?? {};
  return { uid, gid, mode: mode & ALL_PERMISSIONS };
}
