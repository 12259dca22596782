// Giving a container's cgroup to the container's root, so that systemd or an engine inside can make
// cgroups below it; and what was given to us.

import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote, systemError } from "../error/ocicat-error.ts";
import { call } from "../sys/call.ts";
import { readTextFileIfExists } from "../sys/file.ts";
import { cstring } from "../sys/memory.ts";
import { parseWords, readControlIfExists } from "./control-file.ts";
import { detectCgroupHost } from "./detect.ts";
import { readMembership, unifiedDirectoryOf } from "./membership.ts";
import { parentPath } from "./path-names.ts";
import type { ContainerCgroup } from "./types.ts";

/** cgroups(7), for kernels before 4.15, which do not list them. */
const USUAL_FILES = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"];
/** In the named v1 tree, which has no limits to protect. */
const V1_FILES = ["cgroup.procs", "tasks"];

/** Ids of the host: where the container's root is mapped to. */
export interface CgroupOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Changes the owner of the directory and of the files that the kernel says may be given away. Of v1
 * trees only systemd's named one is given: the controllers there are not safe to delegate.
 */
export function delegateCgroup(cgroup: ContainerCgroup, owner: CgroupOwner): void {
  if (cgroup.tree === "v2") {
    giveV2(cgroup.path, owner);
  } else if (cgroup.tree === "v1") {
    const named = cgroup.paths["name=systemd"];
    if (named !== undefined) {
      give(named, V1_FILES, owner);
    }
    if (cgroup.unifiedPath !== undefined) {
      giveV2(cgroup.unifiedPath, owner);
    }
  }
}

function giveV2(path: string, owner: CgroupOwner): void {
  const list = readTextFileIfExists("/sys/kernel/cgroup/delegate");
  give(path, list === undefined ? USUAL_FILES : parseWords(list), owner);
}

function give(directory: string, files: readonly string[], { uid, gid }: CgroupOwner): void {
  for (const path of [directory, ...files.map((file) => `${directory}/${file}`)]) {
    const args = [AT_FDCWD, cstring(path), uid, gid, AT_SYMLINK_NOFOLLOW] as const;
    const result = call("fchownat", ...args);
    // The list names files of every controller and kernel; not all are there.
    if (result < 0 && (result !== -Errno.ENOENT || path === directory)) {
      throw systemError(-result, "give away", quote(path));
    }
  }
}

/** What a user without privileges may do with cgroups. */
export interface Delegation {
  /** The cgroup below which containers' cgroups would be made. */
  readonly directory: string;
  readonly writable: boolean;
  /** Controllers that its children can have. */
  readonly controllers: readonly string[];
}

/** Undefined on hosts without a v2 tree of controllers: v1 cannot be delegated. */
export function readDelegation(): Delegation | undefined {
  const host = detectCgroupHost();
  const membership = readMembership("self");
  if (host.layout !== "v2" || membership === undefined) {
    return undefined;
  }
  const own = unifiedDirectoryOf(membership, host);
  if (own === undefined) {
    return undefined;
  }
  const top = host.unified?.mountPoint ?? own;
  const directory = own === top ? top : parentPath(own);
  const W_OK = 2;
  const writable = call("faccessat2", AT_FDCWD, cstring(directory), W_OK, 0) === 0;
  const controllers = parseWords(readControlIfExists(directory, "cgroup.controllers") ?? "");
  return { directory, writable, controllers };
}
