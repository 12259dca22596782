// The file system that overlayfs would show for a stack of layers, read without mounting it: for the
// accounts of an image, and for what a layer under construction has to know of those below it.
//
// In each directory a layer hides what is below by an entry of the same name, by a whiteout (character
// device 0/0) or, altogether, by an "opaque" attribute; directories of one name are merged.
// Symbolic links resolve inside the stack. Directories may change meanwhile (a root file system in use):
// whatever is looked at or opened is reached without following links, so nothing outside is ever shown; and only
// what is known to be a file or a directory is opened, so that no device or FIFO notices.

import {
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import {
  byteStringOf,
  checkedPath,
  quoteByteString,
  readLinkByteAt,
  statByteAt,
  type TimedStatus,
  tryOpenByteAt2,
} from "../sys/byte-path.ts";
import { readOpenDirectory } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, open, tryReopen } from "../sys/file.ts";
import { readXattr } from "../sys/xattr.ts";
import { PathWalk } from "./path-walk.ts";

export const OPAQUE_XATTRS = ["trusted.overlay.opaque", "user.overlay.opaque"] as const;

export interface MergedEntry {
  /** Index in the stack; 0 is the top. */
  readonly layer: number;
  /** A byte string without links on the way, relative to the root; "" is the root itself. */
  readonly path: string;
  readonly status: TimedStatus;
}

export class MergedView implements Disposable {
  readonly #roots: OwnedFd[] = [];
  /** The layers that make up each directory, top first; filled when asked for. */
  readonly #directories = new Map<string, readonly number[]>();

  /** `lower`: directories, topmost first. */
  constructor(lower: readonly string[]) {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    try {
      for (const path of lower) {
        this.#roots.push(new OwnedFd(open(path, O_PATH | O_DIRECTORY)));
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    this.#directories.set(
      "",
      this.#roots.map((_, layer) => layer),
    );
  }

  [Symbol.dispose](): void {
    for (const root of this.#roots) {
      root[Symbol.dispose]();
    }
  }

  /** What `path`, a byte string, leads to; links on the way and, if asked for, at its end are followed. */
  find(path: string, followLast = false): MergedEntry | undefined {
    const walk = new PathWalk(path);
    for (let name = walk.next(); name !== undefined; name = walk.next()) {
      const entry = this.entryAt(walk.childPath(name));
      if (entry === undefined) {
        return undefined;
      }
      const type = entry.status.mode & S_IFMT;
      if (type === S_IFLNK && (followLast || !walk.atEnd)) {
        walk.follow(this.readLink(entry));
      } else if (type === S_IFDIR || walk.atEnd) {
        walk.enter(name);
      } else {
        return undefined;
      }
    }
    return this.entryAt(walk.path);
  }

  /** What stands at `path`, on which there are no links: nothing is followed. */
  entryAt(path: string): MergedEntry | undefined {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    for (const layer of this.#layersOf(parent)) {
      const status = this.#status(layer, path);
      if (status !== undefined) {
        return isWhiteout(status) ? undefined : { layer, path, status };
      }
    }
    return undefined;
  }

  /** A descriptor of a directory or a regular file, for reading; undefined if it is something else by now. */
  open({ layer, path, status }: MergedEntry): OwnedFd | undefined {
    const type = status.mode & S_IFMT;
    const isOpened = type === S_IFREG || type === S_IFDIR;
    using place = isOpened ? this.#reach(layer, path, O_PATH) : undefined;
    if (place === undefined || ((statByteAt(place.number, "")?.mode ?? 0) & S_IFMT) !== type) {
      return undefined;
    }
    return new OwnedFd(checkedPath(tryReopen(place.number, O_RDONLY), "open", `/${path}`));
  }

  /** Undefined: it is gone, or no directory, by now. */
  openDirectory(layer: number, path: string): OwnedFd | undefined {
    return this.#reach(layer, path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY);
  }

  /** What the directory at `path` shows, without links on the way. */
  names(path: string): Set<string> {
    const names = new Set<string>();
    for (const layer of this.#layersOf(path)) {
      const status = this.#status(layer, path);
      using directory = status && this.openDirectory(layer, path);
      const subject = quoteByteString(path);
      const entries =
        directory === undefined ? [] : readOpenDirectory(directory.number, subject, byteStringOf);
      for (const { name } of entries) {
        names.add(name);
      }
    }
    const prefix = path === "" ? "" : `${path}/`;
    return new Set([...names].filter((name) => this.entryAt(prefix + name) !== undefined));
  }

  readLink({ layer, path }: MergedEntry): string {
    using place = this.#reach(layer, path, O_PATH | hostArchitecture.openFlags.O_NOFOLLOW);
    return readLinkByteAt(checkedPath(place?.number ?? -Errno.ENOENT, "read the link", path), "");
  }

  #layersOf(directory: string): readonly number[] {
    const known = this.#directories.get(directory);
    if (known !== undefined) {
      return known;
    }
    const parent = directory.slice(0, Math.max(0, directory.lastIndexOf("/")));
    const layers: number[] = [];
    for (const layer of this.#layersOf(parent)) {
      const status = this.#status(layer, directory);
      if (status === undefined) {
        continue;
      }
      const isDirectory = (status.mode & S_IFMT) === S_IFDIR;
      if (isDirectory) {
        layers.push(layer);
      }
      if (!isDirectory || this.#isOpaque(layer, directory)) {
        break;
      }
    }
    this.#directories.set(directory, layers);
    return layers;
  }

  #isOpaque(layer: number, path: string): boolean {
    const isLowest = layer === this.#roots.length - 1;
    if (isLowest) {
      return false;
    }
    const status = this.#status(layer, path);
    using directory = status && this.openDirectory(layer, path);
    return (
      directory !== undefined &&
      OPAQUE_XATTRS.some((name) => readXattr(directory.number, name, 16)?.[0] === "y".charCodeAt(0))
    );
  }

  #status(layer: number, path: string): TimedStatus | undefined {
    using place = this.#reach(layer, path, O_PATH | hostArchitecture.openFlags.O_NOFOLLOW);
    return place && statByteAt(place.number, "");
  }

  /** Undefined: it is gone, or a link, or there is one on the way. */
  #reach(layer: number, path: string, openFlags: number): OwnedFd | undefined {
    const how = { flags: openFlags, resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    const fd = tryOpenByteAt2(this.#rootFd(layer), path || ".", how);
    if (fd === -Errno.ENOENT || fd === -Errno.ELOOP || fd === -Errno.ENOTDIR) {
      return undefined;
    }
    return new OwnedFd(checkedPath(fd, "open", `/${path}`));
  }

  #rootFd(layer: number): number {
    return this.#roots[layer]?.number ?? -1;
  }
}

export function isWhiteout(status: TimedStatus): boolean {
  const { major, minor } = status.specialDevice;
  return (status.mode & S_IFMT) === S_IFCHR && major === 0 && minor === 0;
}
