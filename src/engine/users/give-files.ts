// What a container of an ordinary user has of its own, beside its image, is given to its root where that is not
// the user: the writable layer and overlayfs's own folder once, files of names and secrets at each start.
//
// The folder that they are in stays the user's, who can put others in their place.

import { O_RDONLY } from "../../abi/file.ts";
import { changeOwners } from "../../image/owners/change-owners.ts";
import { toByteString } from "../../sys/byte-path.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, stat } from "../../sys/file.ts";
import { ownersInside } from "../containers/container-owners.ts";
import { hostIdOf } from "../id-maps.ts";
import type { IdMaps } from "../run-spec.ts";
import { countedId } from "./nested-ids.ts";

export interface FileOwners {
  /** The container's. */
  readonly maps: IdMaps;
  /** All of the user's. */
  readonly counted: IdMaps;
}

export interface GivenFile {
  /** Below the folder. */
  readonly path: string;
  /** As the container sees it; its root's when absent. */
  readonly uid?: number;
  readonly gid?: number;
}

export function giveFiles(
  folderFd: number,
  files: readonly GivenFile[],
  { maps, counted }: FileOwners,
): void {
  const find = (kind: "uid" | "gid", id: number): number =>
    countedId(hostIdOf(maps[kind], id) ?? -1, counted[kind]) ?? 0;
  const changes = files.map(({ path, uid = 0, gid = 0 }) => ({
    path: toByteString(path),
    uid: find("uid", uid),
    gid: find("gid", gid),
  }));
  changeOwners(folderFd, changes, counted);
}

/** Overlayfs shows the root as the writable layer has it. `imageRoot`: undefined for an image without layers. */
export function giveWritableLayer(
  containerFd: number,
  imageRoot: string | undefined,
  owners: FileOwners,
): void {
  const status = imageRoot === undefined ? undefined : stat(imageRoot);
  const root = status === undefined ? {} : ownersInside(owners.maps)(status);
  giveFiles(containerFd, [{ path: "upper", ...root }, { path: "work" }], owners);
}

export function giveFilesAt(folder: string, files: readonly GivenFile[], owners: FileOwners): void {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using opened = new OwnedFd(open(folder, O_RDONLY | O_DIRECTORY));
  giveFiles(opened.number, files, owners);
}
