// What a tmpfs with tmpcopyup copies: the tree of the image below its destination.

import {
  AT_FDCWD,
  O_PATH,
  O_RDONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import type { CopiedFile } from "../plan/host-facts.ts";
import { readOpenDirectory } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, openAt, readLinkAt, statAt, tryOpenAt, tryOpenAt2 } from "../sys/file.ts";

/** More would make the container's program larger than the stage accepts. */
const ENTRY_LIMIT = 10_000;

export function copiedFiles(
  mounts: readonly Mount[],
  rootPath: string | undefined,
): ReadonlyMap<number, readonly CopiedFile[]> {
  const copied = new Map<number, readonly CopiedFile[]>();
  mounts.forEach((mount, index) => {
    if (mount.options?.includes("tmpcopyup") === true) {
      copied.set(index, listTree(knownRoot(rootPath, index), mount.destination));
    }
  });
  return copied;
}

/** The files of an overlay's layers are not merged before the container mounts it. */
function knownRoot(rootPath: string | undefined, index: number): string {
  if (rootPath === undefined) {
    throw new OcicatError("unsupported", {
      operation: `mounts[${index}].options:`,
      subject: quote("tmpcopyup"),
      reason: "the root file system is an overlay of the container's own",
    });
  }
  return rootPath;
}

function listTree(rootPath: string, destination: string): readonly CopiedFile[] {
  const directoryFlags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
  const rootFd = tryOpenAt(AT_FDCWD, rootPath, directoryFlags);
  if (rootFd < 0) {
    return [];
  }
  using root = new OwnedFd(rootFd);
  const how = {
    flags: O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  };
  const topFd = tryOpenAt2(root.number, destination, how);
  if (topFd < 0) {
    return [];
  }
  using top = new OwnedFd(topFd);
  const files: CopiedFile[] = [];
  listDirectory(top.number, "", files);
  return files;
}

function listDirectory(directoryFd: number, prefix: string, files: CopiedFile[]): void {
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  for (const { name } of readOpenDirectory(directoryFd, quote(prefix))) {
    const file = describeFile(directoryFd, name, `${prefix}${name}`);
    files.push(file);
    if (files.length > ENTRY_LIMIT) {
      throw new OcicatError("exhausted", {
        operation: "copy",
        subject: `${quote(prefix)} to a tmpfs`,
        reason: `it has more than ${ENTRY_LIMIT} entries`,
      });
    }
    if (file.type === "directory") {
      using child = new OwnedFd(openAt(directoryFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
      listDirectory(child.number, `${prefix}${name}/`, files);
    }
  }
}

const TYPES: Readonly<Record<number, CopiedFile["type"]>> = {
  [S_IFDIR]: "directory",
  [S_IFREG]: "file",
  [S_IFLNK]: "symlink",
  [S_IFBLK]: "node",
  [S_IFCHR]: "node",
  [S_IFIFO]: "node",
};

function describeFile(directoryFd: number, name: string, path: string): CopiedFile {
  const status = statAt(directoryFd, name);
  const mode = status?.mode ?? 0;
  const type = TYPES[mode & S_IFMT] ?? "other";
  const isNode = type === "node";
  const target = type === "symlink" ? { target: readLinkAt(directoryFd, name) } : {};
  const { uid = 0, gid = 0, size = 0 } = status ?? {};
  const device = isNode && status !== undefined ? { device: status.specialDevice } : {};
  return { path, type, mode: isNode ? mode : mode & 0o7777, uid, gid, size, ...target, ...device };
}
