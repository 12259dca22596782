// A file system in directories, entry by entry: the folder of a root file system, or a stack of folders as
// overlayfs would show it. It may be in use: what is gone when its turn comes is left out, a file that has
// shrunk is filled up with zeros. What procfs and the like say of a file's size is not so: one of theirs that is asked for
// is read to its end.

import {
  CGROUP_SUPER_MAGIC,
  CGROUP2_SUPER_MAGIC,
  PROC_SUPER_MAGIC,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  SEEK_DATA,
  SEEK_HOLE,
  SYSFS_MAGIC,
} from "../../abi/file.ts";
import { bytePath, quoteByteString } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { readAll } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { fileSystemTypeOf } from "../../sys/open-file-system-type.ts";
import { readAt } from "../../sys/positioned.ts";
import { listXattrs, listXattrsOfLink, readXattr, readXattrOfLink } from "../../sys/xattr.ts";
import type { MergedEntry, MergedView } from "../merged-view.ts";
import type { NewTarEntry } from "../tar/encode-entry.ts";
import type { SparseSegment, TarEntryKind } from "../tar/entry.ts";
import { isTakenXattr } from "../unpack/metadata.ts";
import { type ExportItem, wholeBlocks } from "./export-item.ts";

const PERMISSIONS = 0o7777;
const CHUNK_BYTES = 1024 * 1024;

/** Their files have the size 0, or that of a page. A whole folder of them is not read: some of them wait. */
const MADE_WHEN_READ: readonly number[] = [
  PROC_SUPER_MAGIC,
  SYSFS_MAGIC,
  CGROUP_SUPER_MAGIC,
  CGROUP2_SUPER_MAGIC,
];

const KINDS: ReadonlyMap<number, TarEntryKind> = new Map<number, TarEntryKind>([
  [S_IFREG, "file"],
  [S_IFDIR, "directory"],
  [S_IFLNK, "symlink"],
  [S_IFCHR, "character-device"],
  [S_IFBLK, "block-device"],
  [S_IFIFO, "fifo"],
]);

/**
 * `onLeftOut` is told what an archive has no form for: sockets. Names in each directory ascend. `top`: what
 * is to come with all that is in it, by a path without links; the root itself when absent.
 */
export function* folderItems(
  view: MergedView,
  onLeftOut: (path: string) => void,
  top = "",
): Generator<ExportItem, void> {
  yield* entryItems(top, { view, onLeftOut, top, paths: new Map() });
}

interface Walk {
  readonly view: MergedView;
  readonly onLeftOut: (path: string) => void;
  readonly top: string;
  /** By layer, device and inode of what has several names: where it was met first. */
  readonly paths: Map<string, string>;
}

function* directoryItems(path: string, walk: Walk): Generator<ExportItem, void> {
  const directory = walk.view.entryAt(path);
  if (directory === undefined) {
    return;
  }
  yield { entry: entryOf(directory, "directory", walk), content: [] };
  for (const name of [...walk.view.names(path)].sort()) {
    yield* entryItems(path === "" ? name : `${path}/${name}`, walk);
  }
}

function* entryItems(path: string, walk: Walk): Generator<ExportItem, void> {
  const found = walk.view.entryAt(path);
  if (found === undefined) {
    return;
  }
  const kind = KINDS.get(found.status.mode & S_IFMT);
  if (kind === undefined) {
    walk.onLeftOut(path);
  } else if (kind === "directory") {
    yield* directoryItems(path, walk);
  } else {
    yield* leafItem(found, kind, walk);
  }
}

function* leafItem(leaf: MergedEntry, kind: TarEntryKind, walk: Walk): Generator<ExportItem, void> {
  const { status, path, layer } = leaf;
  const { major, minor } = status.device;
  const key = `${layer} ${major}:${minor} ${status.inode}`;
  const first = status.links > 1 ? walk.paths.get(key) : undefined;
  if (first !== undefined) {
    const entry = entryOf(leaf, "hard-link", walk);
    yield { entry: { ...entry, linkTarget: first, size: 0, xattrs: new Map() }, content: [] };
    return;
  }
  walk.paths.set(key, path);
  if (kind === "file") {
    yield* fileItem(leaf, walk);
  } else {
    yield { entry: entryOf(leaf, kind, walk), content: [] };
  }
}

function* fileItem(leaf: MergedEntry, walk: Walk): Generator<ExportItem, void> {
  using file = walk.view.open(leaf);
  if (file === undefined) {
    return;
  }
  const fd = file.number;
  if (leaf.path === walk.top && MADE_WHEN_READ.includes(fileSystemTypeOf(fd))) {
    const content = readAll(fd, quoteByteString(leaf.path));
    yield { entry: { ...entryOf(leaf, "file", walk), size: content.length }, content: [content] };
    return;
  }
  const { size } = leaf.status;
  const segments = dataSegments(fd, size);
  const entry = { ...entryOf(leaf, "file", walk), size };
  const isWhole = segments.length === 1 && segments[0]?.length === size;
  yield {
    entry: isWhole || size === 0 ? entry : { ...entry, segments },
    content: segmentContent(fd, segments, quoteByteString(leaf.path)),
  };
}

/** lseek(2); where a file system does not know of holes, all of it is data. */
function dataSegments(fd: number, size: number): readonly SparseSegment[] {
  const segments: SparseSegment[] = [];
  for (let at = 0; at < size; ) {
    const start = call("lseek", fd, at, SEEK_DATA);
    if (start < 0 || start >= size) {
      break;
    }
    const end = call("lseek", fd, start, SEEK_HOLE);
    const length = Math.min(size, end < 0 ? size : end) - start;
    segments.push({ offset: start, length });
    at = start + length;
  }
  return wholeBlocks(segments, size);
}

function* segmentContent(
  fd: number,
  segments: readonly SparseSegment[],
  subject: string,
): Generator<Uint8Array, void> {
  for (const { offset, length } of segments) {
    for (let done = 0; done < length; ) {
      const buffer = bytes(Math.min(CHUNK_BYTES, length - done));
      readAt(fd, buffer, offset + done, subject);
      done += buffer.length;
      yield buffer;
    }
  }
}

function entryOf(entry: MergedEntry, kind: TarEntryKind, walk: Walk): NewTarEntry {
  const { status, path } = entry;
  const isDevice = kind === "character-device" || kind === "block-device";
  return {
    kind,
    path: path === "" ? "." : path,
    linkTarget: kind === "symlink" ? walk.view.readLink(entry) : "",
    mode: status.mode & PERMISSIONS,
    uid: status.uid,
    gid: status.gid,
    size: 0,
    modified: status.modified,
    device: isDevice ? status.specialDevice : { major: 0, minor: 0 },
    xattrs: kind === "hard-link" ? new Map() : xattrsOf(entry, kind, walk.view),
  };
}

type Xattrs = ReadonlyMap<string, Uint8Array>;

/** Those that images may have. */
function xattrsOf(entry: MergedEntry, kind: TarEntryKind, view: MergedView): Xattrs {
  if (kind !== "file" && kind !== "directory") {
    return linkXattrs(entry, view);
  }
  using opened = view.open(entry);
  const fd = opened?.number ?? -1;
  const names = fd < 0 ? [] : listXattrs(fd, quoteByteString(entry.path));
  return collect(names, (name) => readXattr(fd, name));
}

/** Of what must not be opened: by its name in its directory. */
function linkXattrs(entry: MergedEntry, view: MergedView): Xattrs {
  const slash = entry.path.lastIndexOf("/");
  using directory = view.openDirectory(entry.layer, entry.path.slice(0, Math.max(0, slash)));
  if (directory === undefined) {
    return new Map();
  }
  const path = `/proc/self/fd/${directory.number}/${entry.path.slice(slash + 1)}`;
  return collect(listXattrsOfLink(bytePath(path)), (name) => readXattrOfLink(bytePath(path), name));
}

function collect(names: readonly string[], read: (name: string) => Uint8Array | undefined): Xattrs {
  const xattrs = new Map<string, Uint8Array>();
  for (const name of names.filter(isTakenXattr)) {
    const value = read(name);
    if (value !== undefined) {
      xattrs.set(name, value);
    }
  }
  return xattrs;
}
