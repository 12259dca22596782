// What podman with --cgroup-manager=cgroupfs leaves in every tree, empty, once its containers are gone:
//
//   /libpod_parent          of containers without a --cgroup-parent
//   /libpod_parent/conmon   of their monitors

import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const TREES = "/sys/fs/cgroup";
const PARENT = "/libpod_parent";

/** The folders of a cgroup, in the trees of v1 and of v2. */
export function cgroupFolders(cgroup: string): string[] {
  return [TREES, ...subfolders(TREES)]
    .map((tree) => join(tree, cgroup))
    .filter((path) => existsSync(path));
}

/** Those in which anything runs stay. */
export function removePodmanCgroups(): void {
  for (const parent of cgroupFolders(PARENT)) {
    for (const path of [...subfolders(parent), parent]) {
      removeUnused(path);
    }
  }
}

function removeUnused(cgroup: string): void {
  try {
    rmdirSync(cgroup);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EBUSY") {
      throw error;
    }
  }
}

function subfolders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}
