// In which cgroups a process is, as /proc/PID/cgroup tells.

import { readTextFileIfExists } from "../sys/file.ts";
import { relativePath } from "./path-names.ts";
import type { CgroupHost } from "./types.ts";

/** The cgroup's path in its tree, by controller ("memory", "name=systemd"); "" is the v2 tree. */
export type Membership = ReadonlyMap<string, string>;

/** Lines `id:controller,controller:path`; the v2 tree's is `0::path`. */
export function parseMembership(text: string): Membership {
  const membership = new Map<string, string>();
  for (const line of text.split("\n")) {
    const first = line.indexOf(":");
    const second = line.indexOf(":", first + 1);
    if (first < 0 || second < 0) {
      continue;
    }
    for (const controller of line.slice(first + 1, second).split(",")) {
      membership.set(controller, line.slice(second + 1));
    }
  }
  return membership;
}

/** Undefined when there is no such process. */
export function readMembership(pid: number | "self"): Membership | undefined {
  const text = readTextFileIfExists(`/proc/${pid}/cgroup`);
  return text === undefined ? undefined : parseMembership(text);
}

/**
 * The directory in the v2 tree that a process is in; undefined where it cannot be reached from here
 * (another cgroup namespace shows it above its root, or the cgroup is gone).
 */
export function unifiedDirectoryOf(membership: Membership, host: CgroupHost): string | undefined {
  const path = membership.get("");
  if (path === undefined || host.unified === undefined || path.endsWith(" (deleted)")) {
    return undefined;
  }
  return directoryIn(host.unified, path);
}

/** Where the cgroup `path` of a tree lies in the file system, given one mount of the tree. */
export function directoryIn(
  mount: { readonly mountPoint: string; readonly root: string },
  path: string,
): string | undefined {
  const relative = relativePath(mount.root, path);
  if (relative === undefined) {
    return undefined;
  }
  return relative === "" ? mount.mountPoint : `${mount.mountPoint}/${relative}`;
}
