// The processes of a container's cgroup, and its directories.

import { AT_FDCWD, O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import { checked } from "../sys/call.ts";
import { readOpenDirectory } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, tryOpenAt } from "../sys/file.ts";
import { parseWords, readControlIfExists } from "./control-file.ts";
import type { ContainerCgroup } from "./types.ts";

/** The trees in which all of a container's processes are, best first: processes may leave others. */
const V1_TREES = ["devices", "freezer", "pids", "memory", "name=systemd"];

/** One directory that has all of the container's processes; undefined where it has no cgroup. */
export function mainDirectory(cgroup: ContainerCgroup): string | undefined {
  if (cgroup.tree === "none") {
    return undefined;
  }
  if (cgroup.tree === "v2") {
    return cgroup.path;
  }
  const known = V1_TREES.map((controller) => cgroup.paths[controller]);
  return known.find((path) => path !== undefined) ?? Object.values(cgroup.paths)[0];
}

/** Every directory of the cgroup, one for each tree. */
export function directoriesOf(cgroup: ContainerCgroup): string[] {
  if (cgroup.tree === "none") {
    return [];
  }
  if (cgroup.tree === "v2") {
    return [cgroup.path];
  }
  const unified = cgroup.unifiedPath === undefined ? [] : [cgroup.unifiedPath];
  return [...new Set([...Object.values(cgroup.paths), ...unified])];
}

/** The pids in the cgroup and in those that the container made below it. A cgroup that is gone has none. */
export function pidsOf(cgroup: ContainerCgroup): number[] {
  const directory = mainDirectory(cgroup);
  return directory === undefined ? [] : pidsBelow(directory);
}

export function pidsBelow(directory: string): number[] {
  // A threaded cgroup lists threads alone; its processes are listed by the threaded domain above.
  const list =
    readControlIfExists(directory, "cgroup.procs") ??
    readControlIfExists(directory, "cgroup.threads") ??
    "";
  const own = parseWords(list).map(Number);
  const below = subdirectoriesOf(directory).flatMap((name) => pidsBelow(`${directory}/${name}`));
  return [...new Set([...own, ...below])];
}

/** Names; none where the directory is gone. */
export function subdirectoriesOf(directory: string): string[] {
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  const fd = tryOpenAt(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd === -Errno.ENOENT) {
    return [];
  }
  using opened = new OwnedFd(checked(fd, "open", quote(directory)));
  const entries = readOpenDirectory(opened.number, quote(directory));
  return entries.filter(({ type }) => type === "directory").map(({ name }) => name);
}
