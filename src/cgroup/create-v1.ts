// A container's directories in the trees of cgroup v1, and in the v2 tree of a hybrid host.

import { Errno } from "../error/errno.ts";
import { quote, systemError } from "../error/ocicat-error.ts";
import type { Resources } from "../oci/resources.ts";
import { readControl, writeControl } from "./control-file.ts";
import { isPermissionErrno, type MadeDirectories } from "./made-directories.ts";
import { parentPath } from "./path-names.ts";
import type { V1Cgroup } from "./types.ts";

/** The cgroup as it is afterwards: without the trees that rootless may not use. */
export function makeV1Directories(
  cgroup: V1Cgroup,
  resources: Resources,
  made: MadeDirectories,
): V1Cgroup {
  const unusable = new Set<string>();
  const cpuset = cgroup.paths["cpuset"];
  const directories = new Set(Object.values(cgroup.paths));
  if (cgroup.unifiedPath !== undefined) {
    directories.add(cgroup.unifiedPath);
  }
  for (const directory of directories) {
    const fill = directory === cpuset ? fillCpuset(directory, resources) : undefined;
    const errno = made.make(directory, fill);
    if (errno === Errno.EEXIST) {
      fill?.(directory);
    } else if (isPermissionErrno(errno) && cgroup.rootless && !cgroup.explicit) {
      unusable.add(directory);
    } else if (errno !== 0) {
      throw systemError(errno, "make the cgroup", quote(directory));
    }
  }
  return unusable.size === 0 ? cgroup : without(cgroup, unusable);
}

function without(cgroup: V1Cgroup, unusable: ReadonlySet<string>): V1Cgroup {
  const { unifiedPath, paths, ...rest } = cgroup;
  const usable = Object.entries(paths).filter(([, directory]) => !unusable.has(directory));
  const unified = unifiedPath === undefined || unusable.has(unifiedPath) ? {} : { unifiedPath };
  return { ...rest, paths: Object.fromEntries(usable), ...unified };
}

/**
 * A new cpuset has neither CPUs nor memory nodes, and no process can enter it so. Its own are those
 * of the configuration, the others are its parent's.
 */
function fillCpuset(ownDirectory: string, { cpu = {} }: Resources): (directory: string) => void {
  return (directory) => {
    const own = directory === ownDirectory ? cpu : {};
    // What the configuration gives is written with the other limits, where a failure names its place.
    if ((own.cpus ?? "") === "") {
      inherit(directory, "cpuset.cpus");
    }
    if ((own.mems ?? "") === "") {
      inherit(directory, "cpuset.mems");
    }
  };
}

/** Returns what the directory has then. */
function inherit(directory: string, file: string): string {
  const present = readControl(directory, file).trim();
  if (present !== "") {
    return present;
  }
  // The root's own is never empty; a parent's is when its maker left it so.
  const inherited = inherit(parentPath(directory), file);
  writeControl(directory, file, inherited);
  return inherited;
}
