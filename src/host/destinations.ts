// Mount destinations that lead through dangling links. openat2 cannot make what such a link points to,
// so the program is told where the path ends, resolved inside the root; every step of that path it
// then verifies itself.

import {
  AT_FDCWD,
  O_PATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  S_IFLNK,
  S_IFMT,
} from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import type { Mount } from "../oci/mount.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { close, OwnedFd, readLinkAt, statAt, tryOpenAt, tryOpenAt2 } from "../sys/file.ts";

const LINK_LIMIT = 40;
const IN_ROOT = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

/** `rootPaths`: the folders that the root file system is made of, the topmost first. */
export function resolveDestinations(
  mounts: readonly Mount[],
  rootPaths: readonly string[],
): ReadonlyMap<string, string> {
  const resolved = new Map<string, string>();
  if (mounts.length === 0) {
    return resolved;
  }
  using opened = new DisposableStack();
  const roots = openRoots(rootPaths, opened);
  const earlier: string[] = [];
  for (const { destination } of mounts) {
    // What lies in an earlier mount has nothing to do with the image.
    const isCovered = earlier.some((path) => destination.startsWith(`${path}/`));
    earlier.push(destination);
    if (isCovered || roots.some((root) => isOrMayBeThere(root, destination))) {
      continue;
    }
    const path = resolveMissing(roots, destination);
    if (path !== destination) {
      resolved.set(destination, path);
    }
  }
  return resolved;
}

function openRoots(paths: readonly string[], opened: DisposableStack): readonly number[] {
  const flags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
  return paths.flatMap((path) => {
    const fd = tryOpenAt(AT_FDCWD, path, flags);
    return fd < 0 ? [] : [opened.use(new OwnedFd(fd)).number];
  });
}

function isOrMayBeThere(root: number, destination: string): boolean {
  const fd = tryOpenAt2(root, destination, { flags: O_PATH, resolve: IN_ROOT });
  if (fd >= 0) {
    close(fd);
  }
  return fd !== -Errno.ENOENT;
}

/** Follows links component by component, as the kernel would inside the root, also beyond what exists. */
function resolveMissing(roots: readonly number[], destination: string): string {
  const pending = destination.split("/").reverse();
  const done: string[] = [];
  let links = 0;
  for (let component = pending.pop(); component !== undefined; component = pending.pop()) {
    if (component === "..") {
      done.pop();
    } else if (component !== "" && component !== ".") {
      const target = linkAt(roots, [...done, component].join("/"));
      links += 1;
      if (target === undefined || links > LINK_LIMIT) {
        done.push(component);
        continue;
      }
      if (target.startsWith("/")) {
        done.length = 0;
      }
      pending.push(...target.split("/").reverse());
    }
  }
  return `/${done.join("/")}`;
}

/**
 * The target of the link at `path`, as the topmost folder that has the path has it; undefined for anything else.
 * `path` has no link before its end.
 */
function linkAt(roots: readonly number[], path: string): string | undefined {
  const { O_NOFOLLOW } = hostArchitecture.openFlags;
  const how = { flags: O_PATH | O_NOFOLLOW, resolve: IN_ROOT };
  for (const root of roots) {
    const fd = tryOpenAt2(root, path, how);
    if (fd >= 0) {
      using file = new OwnedFd(fd);
      const isLink = ((statAt(file.number, "")?.mode ?? 0) & S_IFMT) === S_IFLNK;
      return isLink ? readLinkAt(file.number, "") : undefined;
    }
  }
  return undefined;
}
