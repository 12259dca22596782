// The directories of a layer under construction. This process alone writes to them, and only through
// this file's descriptors: the kernel opens each directory beneath the layer's root and without
// following any link, so that no order of entries leads outside.
//
// Owner, mode and time of directories wait until the end: making entries inside would change the time,
// and the mode may forbid it.

import { O_RDONLY, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { bytePath, checkedPath, quoteByteString, tryOpenByteAt2 } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { close } from "../../sys/file.ts";
import type { TreeLimits } from "./limits.ts";
import type { Metadata } from "./metadata.ts";

const MOST_OPEN = 128;
const LONGEST_PATH = 4095; // PATH_MAX, less the NUL
const OWNER_ONLY = 0o700;

export interface LayerDirectory {
  readonly name: string;
  readonly parent: LayerDirectory | undefined;
  /** From the root of the layer; "" is the root itself. */
  readonly path: string;
  readonly depth: number;
  readonly children: Map<string, LayerDirectory>;
  /** Names that hide an entry of the layers below. */
  readonly whiteouts: Set<string>;
  /** The layers below have this directory too, and it shows what they have in it. */
  merged: boolean;
  /** To be marked so that it hides what the layers below have in it. */
  opaque: boolean;
  metadata: Metadata;
}

export class LayerTree implements Disposable {
  readonly root: LayerDirectory;
  readonly #byPath = new Map<string, LayerDirectory>();
  /** The least recently used first. The root's descriptor is the caller's. */
  readonly #open = new Map<LayerDirectory, number>();
  readonly #rootFd: number;
  readonly #limits: TreeLimits;

  constructor(rootFd: number, merged: boolean, metadata: Metadata, limits: TreeLimits) {
    this.#rootFd = rootFd;
    this.#limits = limits;
    this.root = newDirectory("", undefined, merged, metadata);
    this.#byPath.set("", this.root);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) {
      close(fd);
    }
    this.#open.clear();
  }

  get(path: string): LayerDirectory | undefined {
    return this.#byPath.get(path);
  }

  /** Its descriptor, valid until a hundred other directories have been asked for. */
  fdOf(directory: LayerDirectory): number {
    if (directory.parent === undefined) {
      return this.#rootFd;
    }
    const fd = this.#open.get(directory) ?? this.#openDirectory(directory);
    this.#open.delete(directory);
    this.#open.set(directory, fd);
    if (this.#open.size > MOST_OPEN) {
      this.#closeOldest();
    }
    return fd;
  }

  #openDirectory(directory: LayerDirectory): number {
    const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
    const fd = tryOpenByteAt2(this.#rootFd, directory.path, {
      flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
      resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    });
    return checkedPath(fd, "open the directory", directory.path);
  }

  /** Makes the directory; nothing may stand there. */
  make(parent: LayerDirectory, name: string, merged: boolean, metadata: Metadata): LayerDirectory {
    const directory = newDirectory(name, parent, merged, metadata);
    this.#checkLimits(directory);
    const result = call("mkdirat", this.fdOf(parent), bytePath(name), OWNER_ONLY);
    checkedPath(result, "make the directory", directory.path);
    parent.children.set(name, directory);
    this.#byPath.set(directory.path, directory);
    return directory;
  }

  /** After the directory has been removed from the disk. */
  forget(directory: LayerDirectory): void {
    directory.parent?.children.delete(directory.name);
    for (const gone of [...descendantsFirst(directory)]) {
      this.#byPath.delete(gone.path);
      this.#close(gone);
    }
  }

  /** Every directory, each after all those inside it. */
  deepestFirst(): Iterable<LayerDirectory> {
    return descendantsFirst(this.root);
  }

  #checkLimits(directory: LayerDirectory): void {
    const { depth, directories } = this.#limits;
    const reasons = [
      directory.depth > depth && `it is more than ${depth} levels deep`,
      directory.path.length > LONGEST_PATH && `its path has more than ${LONGEST_PATH} bytes`,
      this.#byPath.size > directories && `the layer has more than ${directories} directories`,
    ];
    const reason = reasons.find((each) => each !== false);
    if (typeof reason === "string") {
      throw new OcicatError("exhausted", {
        operation: "make the directory",
        subject: quoteByteString(directory.path),
        reason,
      });
    }
  }

  #closeOldest(): void {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) {
      this.#close(oldest);
    }
  }

  #close(directory: LayerDirectory): void {
    const fd = this.#open.get(directory);
    if (fd !== undefined) {
      close(fd);
      this.#open.delete(directory);
    }
  }
}

function newDirectory(
  name: string,
  parent: LayerDirectory | undefined,
  merged: boolean,
  metadata: Metadata,
): LayerDirectory {
  const isTop = parent === undefined || parent.parent === undefined;
  return {
    name,
    parent,
    path: isTop ? name : `${parent.path}/${name}`,
    depth: parent === undefined ? 0 : parent.depth + 1,
    children: new Map(),
    whiteouts: new Set(),
    merged,
    opaque: false,
    metadata,
  };
}

/** Without recursion: the depth is the image's choice. */
function* descendantsFirst(top: LayerDirectory): Iterable<LayerDirectory> {
  const stack = [{ directory: top, children: top.children.values() }];
  for (let last = stack.at(-1); last !== undefined; last = stack.at(-1)) {
    const { value: child, done } = last.children.next();
    if (done === true || child === undefined) {
      stack.pop();
      yield last.directory;
    } else {
      stack.push({ directory: child, children: child.children.values() });
    }
  }
}
