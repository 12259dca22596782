// Where the entries of a layer go: the directory of this layer that a path leads to, as it would if the
// layer were applied on top of those below. Directories that the archive does not mention are made, like
// the directory below if there is one. Links, in this layer or below, are followed inside the root, as
// applying one archive after the other to a single root would.
//
// Also what hides entries of the layers below: whiteouts and opaque directories.

import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import {
  bytePath,
  checkedPath,
  quoteByteString,
  readLinkByteAt,
  statByteAt,
  type TimedStatus,
} from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import type { MergedEntry, MergedView } from "../merged-view.ts";
import { PathWalk } from "../path-walk.ts";
import { type LayerDirectory, LayerTree } from "./layer-tree.ts";
import type { TreeLimits } from "./limits.ts";
import { IMPLIED_DIRECTORY, lowerMetadata } from "./lower-metadata.ts";
import type { Metadata } from "./metadata.ts";

export interface Place {
  readonly directory: LayerDirectory;
  /** Empty: the directory itself, which is the root. */
  readonly name: string;
}

/** What to do about a directory that neither this layer nor those below have. */
type Missing = "make" | "leave";

export interface PlacementOptions extends TreeLimits {
  /** Whose a directory is that nothing describes; 0:0 when absent. */
  readonly root?: Pick<Metadata, "uid" | "gid"> | undefined;
}

export class Placement implements Disposable {
  readonly tree: LayerTree;
  readonly lower: MergedView | undefined;
  readonly #implied: Metadata;

  constructor(rootFd: number, lower: MergedView | undefined, options: PlacementOptions) {
    this.lower = lower;
    this.#implied = { ...IMPLIED_DIRECTORY, ...options.root };
    const below = lower?.entryAt("");
    const metadata =
      lower === undefined || below === undefined ? this.#implied : lowerMetadata(lower, below);
    this.tree = new LayerTree(rootFd, below !== undefined, metadata, options);
  }

  [Symbol.dispose](): void {
    this.tree[Symbol.dispose]();
  }

  /** Undefined only for `missing` = "leave". */
  locate(components: readonly string[], missing: Missing): Place | undefined {
    const name = components.at(-1) ?? "";
    const parentPath = components.slice(0, -1).join("/");
    const directory = this.tree.get(parentPath) ?? this.#walk(parentPath, missing);
    return directory === undefined ? undefined : { directory, name };
  }

  /** The entry of the layers below that shows at this place so far. */
  below({ directory, name }: Place): MergedEntry | undefined {
    const hidden = !directory.merged || directory.opaque || directory.whiteouts.has(name);
    return hidden ? undefined : this.lower?.entryAt(childPath(directory, name));
  }

  /** This layer's own entry; whiteouts do not count. */
  own({ directory, name }: Place): TimedStatus | undefined {
    return directory.whiteouts.has(name) ? undefined : statByteAt(this.tree.fdOf(directory), name);
  }

  /** `replaces`: this layer had something else there, which has been removed. */
  makeDirectory(place: Place, metadata: Metadata, replaces = false): LayerDirectory {
    const { directory, name } = place;
    const hides = this.removeWhiteout(place) || replaces;
    const below = this.below(place);
    const merges = below !== undefined && (below.status.mode & S_IFMT) === S_IFDIR;
    const made = this.tree.make(directory, name, merges && !hides, metadata);
    made.opaque = merges && hides;
    return made;
  }

  /** True if there was one. */
  removeWhiteout({ directory, name }: Place): boolean {
    if (!directory.whiteouts.delete(name)) {
      return false;
    }
    const result = call("unlinkat", this.tree.fdOf(directory), bytePath(name), 0);
    checkedPath(result, "remove the whiteout", name);
    return true;
  }

  /**
   * Hides what the layers below have at `place`. What this layer itself has there stays, in whatever
   * order the two come (image-spec layer.md, "Whiteouts").
   */
  hide(place: Place): void {
    const { directory, name } = place;
    const child = directory.children.get(name);
    if (child !== undefined) {
      this.makeOpaque(child);
      return;
    }
    if (this.below(place) === undefined || this.own(place) !== undefined) {
      return;
    }
    const fd = this.tree.fdOf(directory);
    const path = childPath(directory, name);
    checkedPath(call("mknodat", fd, bytePath(name), S_IFCHR, 0), "make the whiteout of", path);
    directory.whiteouts.add(name);
  }

  /** Hides everything that the layers below have in `directory`. */
  makeOpaque(directory: LayerDirectory): void {
    if (!directory.merged) {
      return;
    }
    if (directory === this.tree.root) {
      // overlayfs never looks for the attribute on the root of a layer.
      for (const name of this.lower?.names("") ?? []) {
        this.hide({ directory, name });
      }
      return;
    }
    directory.opaque = true;
    this.#separate(directory);
  }

  /** There is nothing below any more: whiteouts inside would only show as devices. */
  #separate(top: LayerDirectory): void {
    const pending = [top];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      next.merged = false;
      for (const name of [...next.whiteouts]) {
        this.removeWhiteout({ directory: next, name });
      }
      for (const child of next.children.values()) {
        child.opaque = false;
        pending.push(child);
      }
    }
  }

  #walk(path: string, missing: Missing): LayerDirectory | undefined {
    const walk = new PathWalk(path);
    let directory: LayerDirectory | undefined = this.tree.root;
    for (let name = walk.next(); name !== undefined; name = walk.next()) {
      directory = this.tree.get(walk.path) ?? this.tree.root;
      const step = this.#step({ directory, name }, missing);
      if (step === "absent") {
        return undefined;
      }
      if (step === "entered") {
        walk.enter(name);
      } else {
        walk.follow(step.link);
      }
    }
    return this.tree.get(walk.path);
  }

  #step(place: Place, missing: Missing): "entered" | "absent" | { readonly link: string } {
    const { directory, name } = place;
    if (directory.children.has(name)) {
      return "entered";
    }
    const own = this.own(place);
    if (own !== undefined) {
      requireLink(own, place);
      return { link: readLinkByteAt(this.tree.fdOf(directory), name) };
    }
    const below = this.below(place);
    if (below === undefined || this.lower === undefined) {
      if (missing === "leave") {
        return "absent";
      }
      this.makeDirectory(place, this.#implied);
      return "entered";
    }
    if ((below.status.mode & S_IFMT) === S_IFDIR) {
      this.makeDirectory(place, lowerMetadata(this.lower, below));
      return "entered";
    }
    requireLink(below.status, place);
    return { link: this.lower.readLink(below) };
  }
}

function requireLink(status: TimedStatus, { directory, name }: Place): void {
  if ((status.mode & S_IFMT) !== S_IFLNK) {
    throw new OcicatError("invalid-config", {
      operation: "unpack into",
      subject: quoteByteString(childPath(directory, name)),
      reason: "it is not a directory",
    });
  }
}

export function childPath(directory: LayerDirectory, name: string): string {
  return directory.path === "" ? name : `${directory.path}/${name}`;
}
