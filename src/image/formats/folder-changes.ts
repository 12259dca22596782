// What the writable layer of an overlay changes in the layers below it: `ocicat diff`, and what an image of
// the container has to hide. Overlayfs keeps its changes as layers do: src/image/merged-view.ts.
//
// The layer may be in use. Directories are opened without following links, so that nothing outside is
// looked at.

import {
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFDIR,
  S_IFMT,
} from "../../abi/file.ts";
import {
  byteStringOf,
  quoteByteString,
  statByteAt,
  type TimedStatus,
  tryOpenByteAt2,
} from "../../sys/byte-path.ts";
import { readOpenDirectory } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { readXattr } from "../../sys/xattr.ts";
import { isWhiteout, type MergedView, OPAQUE_XATTRS } from "../merged-view.ts";

export interface FolderChange {
  /** A directory is "changed" too when only something in it is. */
  readonly kind: "added" | "changed" | "deleted";
  /** A byte string, relative to the root. */
  readonly path: string;
  /** It has the type, permissions and owner that it had below. */
  readonly keepsAttributes?: boolean;
}

/** Names in each directory ascend; a directory comes before what is in it. */
export function* folderChanges(upper: string, lower: MergedView): Generator<FolderChange, void> {
  using root = new OwnedFd(open(upper, O_PATH | hostArchitecture.openFlags.O_DIRECTORY));
  yield* directoryChanges({ rootFd: root.number, lower, path: "", isOpaque: false });
}

interface Place {
  readonly rootFd: number;
  readonly lower: MergedView;
  readonly path: string;
  /** Nothing of the layers below shows in this directory. */
  readonly isOpaque: boolean;
}

function* directoryChanges(place: Place): Generator<FolderChange, void> {
  const { rootFd, path } = place;
  using directory = openDirectory(rootFd, path);
  if (directory === undefined) {
    return;
  }
  const fd = directory.number;
  const isOpaque = place.isOpaque || isMarkedOpaque(fd);
  for (const name of namesIn(fd, { ...place, isOpaque })) {
    const child = { ...place, isOpaque, path: path === "" ? name : `${path}/${name}` };
    yield* entryChanges(child, statByteAt(fd, name));
  }
}

/** With those that an opaque directory hides. */
function namesIn(fd: number, { lower, path, isOpaque }: Place): readonly string[] {
  const own = readOpenDirectory(fd, quoteByteString(path), byteStringOf).map(({ name }) => name);
  const hidden = isOpaque ? lower.names(path) : [];
  return [...new Set([...own, ...hidden])].sort();
}

/** `status`: of what the layer itself has there. */
function* entryChanges(
  place: Place,
  status: TimedStatus | undefined,
): Generator<FolderChange, void> {
  const { lower, path } = place;
  const below = lower.entryAt(path)?.status;
  if (status === undefined || isWhiteout(status)) {
    if (below !== undefined) {
      yield { kind: "deleted", path };
    }
    return;
  }
  if (below === undefined) {
    yield { kind: "added", path };
  } else {
    yield { kind: "changed", path, keepsAttributes: hasAttributesOf(status, below) };
  }
  if ((status.mode & S_IFMT) === S_IFDIR) {
    yield* directoryChanges(place);
  }
}

function hasAttributesOf(status: TimedStatus, below: TimedStatus): boolean {
  return status.mode === below.mode && status.uid === below.uid && status.gid === below.gid;
}

/** Undefined: it is gone meanwhile. */
function openDirectory(rootFd: number, path: string): OwnedFd | undefined {
  const fd = tryOpenByteAt2(rootFd, path || ".", {
    flags: O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  });
  return fd < 0 ? undefined : new OwnedFd(fd);
}

function isMarkedOpaque(fd: number): boolean {
  return OPAQUE_XATTRS.some((name) => readXattr(fd, name, 16)?.[0] === "y".charCodeAt(0));
}
