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

export function resolveDestinations(
  mounts: readonly Mount[],
  rootPath: string | undefined,
): ReadonlyMap<string, string> {
  const resolved = new Map<string, string>();
  if (rootPath === undefined || mounts.length === 0) {
    return resolved;
  }
  const rootFd = tryOpenAt(AT_FDCWD, rootPath, O_PATH | hostArchitecture.openFlags.O_DIRECTORY);
  if (rootFd < 0) {
    return resolved;
  }
  using root = new OwnedFd(rootFd);
  const earlier: string[] = [];
  for (const { destination } of mounts) {
    // What lies in an earlier mount has nothing to do with the image.
    const isCovered = earlier.some((path) => destination.startsWith(`${path}/`));
    earlier.push(destination);
    if (isCovered) {
      continue;
    }
    const fd = tryOpenAt2(root.number, destination, { flags: O_PATH, resolve: IN_ROOT });
    if (fd >= 0) {
      close(fd);
    } else if (fd === -Errno.ENOENT) {
      const path = resolveMissing(root.number, destination);
      if (path !== destination) {
        resolved.set(destination, path);
      }
    }
  }
  return resolved;
}

/** Follows links component by component, as the kernel would inside the root, also beyond what exists. */
function resolveMissing(rootFd: number, destination: string): string {
  const pending = destination.split("/").reverse();
  const done: string[] = [];
  let links = 0;
  for (let component = pending.pop(); component !== undefined; component = pending.pop()) {
    if (component === "..") {
      done.pop();
    } else if (component !== "" && component !== ".") {
      const target = linkAt(rootFd, [...done, component].join("/"));
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

/** The target of the link at `path`; undefined for anything else. `path` has no link before its end. */
function linkAt(rootFd: number, path: string): string | undefined {
  const { O_NOFOLLOW } = hostArchitecture.openFlags;
  const how = { flags: O_PATH | O_NOFOLLOW, resolve: IN_ROOT };
  const fd = tryOpenAt2(rootFd, path, how);
  if (fd < 0) {
    return undefined;
  }
  using file = new OwnedFd(fd);
  const isLink = ((statAt(file.number, "")?.mode ?? 0) & S_IFMT) === S_IFLNK;
  return isLink ? readLinkAt(file.number, "") : undefined;
}
