// How a process gets into a container's cgroup.
//
// A process with one thread that writes "0" to a v1 `tasks` file moves itself alone and at once; moving
// by `cgroup.procs`, from inside or outside, waits for an RCU grace period of 12-16 ms on an idle
// machine. In a v2 tree CLONE_INTO_CGROUP costs nothing of the kind.

import { detectCgroupHost } from "./detect.ts";
import { readMembership, unifiedDirectoryOf } from "./membership.ts";
import type { CgroupEntry, ContainerCgroup, V1Cgroup } from "./types.ts";

const NOWHERE: CgroupEntry = { into: [], tasks: [], needsScope: false };

/** For the container's first process. */
export function entryFor(cgroup: ContainerCgroup): CgroupEntry {
  const needsScope = cgroup.keeper.kind === "systemd";
  switch (cgroup.tree) {
    case "none":
      return NOWHERE;
    case "v2":
      return { into: needsScope ? [] : [cgroup.path], tasks: [], needsScope };
    case "v1": {
      const { "name=systemd": _, ...others } = cgroup.paths;
      const into = needsScope || cgroup.unifiedPath === undefined ? [] : [cgroup.unifiedPath];
      return { into, tasks: tasksOf(needsScope ? others : cgroup.paths), needsScope };
    }
  }
}

/**
 * For a process that joins a running container. A cgroup below which systemd or a nested engine has
 * made others, and given them controllers, takes no processes any more (EBUSY): then init's own cgroup,
 * wherever it is by now, is the next best.
 */
export function joinFor(cgroup: ContainerCgroup, initPid: number): CgroupEntry {
  const tasks = cgroup.tree === "v1" ? tasksOf(cgroup.paths) : [];
  const own = cgroup.tree === "v2" ? cgroup.path : unifiedPathOf(cgroup);
  if (own === undefined) {
    return { ...NOWHERE, tasks };
  }
  const membership = readMembership(initPid);
  const host = detectCgroupHost();
  const inits = membership === undefined ? undefined : unifiedDirectoryOf(membership, host);
  const into = inits === undefined || inits === own ? [own] : [own, inits];
  return { into, tasks, needsScope: false };
}

function unifiedPathOf(cgroup: ContainerCgroup): string | undefined {
  return cgroup.tree === "v1" ? cgroup.unifiedPath : undefined;
}

function tasksOf(paths: V1Cgroup["paths"]): string[] {
  return [...new Set(Object.values(paths))].map((directory) => `${directory}/tasks`);
}
