// What the masked and read-only paths of a container are: asked of the host, whose procfs and sysfs have
// the same files as a new one.

import { AT_FDCWD, S_IFDIR, S_IFMT } from "../abi/file.ts";
import type { Spec } from "../oci/spec.ts";
import type { PathKind } from "../plan/host-facts.ts";
import { statAt } from "../sys/file.ts";

/** File systems of the kernel's own, by where a container has them. */
const KERNEL_MOUNTS: Readonly<Record<string, string>> = { "/proc": "proc", "/sys": "sysfs" };

export function kernelPaths(spec: Spec): ReadonlyMap<string, PathKind> {
  const kinds = new Map<string, PathKind>();
  const roots = Object.keys(KERNEL_MOUNTS).filter((root) => isKernelMount(spec, root));
  for (const path of [...(spec.linux?.maskedPaths ?? []), ...(spec.linux?.readonlyPaths ?? [])]) {
    if (roots.some((root) => path.startsWith(`${root}/`))) {
      kinds.set(path, kindOf(path));
    }
  }
  return kinds;
}

/** Mounted as itself, with all its files, and nothing else on the same place. */
function isKernelMount(spec: Spec, root: string): boolean {
  const mounts = (spec.mounts ?? []).filter(({ destination }) => destination === root);
  const [only] = mounts;
  const hidesFiles = only?.options?.some((option) => option.startsWith("subset=")) === true;
  return mounts.length === 1 && only?.type === KERNEL_MOUNTS[root] && !hidesFiles;
}

function kindOf(path: string): PathKind {
  const status = statAt(AT_FDCWD, path);
  if (status === undefined) {
    return "missing";
  }
  return (status.mode & S_IFMT) === S_IFDIR ? "directory" : "file";
}
