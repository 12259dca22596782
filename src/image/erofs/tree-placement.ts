// Where the entries of a layer go in the tree of the layers below, as if each archive were applied to
// what those before it have made. The rules are those of src/image/unpack/placement.ts: directories that
// an archive only implies stay as they are or are made; symbolic links in a path are followed inside the
// root; whiteouts hide what the layers BELOW have, whatever the order in an archive.

import { OcicatError } from "../../error/ocicat-error.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import type { TreeLimits } from "../unpack/limits.ts";
import {
  type Attributes,
  type DirectoryNode,
  newDirectory,
  pathOf,
  type TreeNode,
} from "./tree-node.ts";

const LONGEST_NAME = 255; // NAME_MAX
const LONGEST_PATH = 4095; // PATH_MAX, less the NUL
const MOST_BYTES = 2 ** 30;
const NODE_BYTES = 256; // about: a node, and its place in a directory
const MOST_LINKS = 40; // as the kernel's own limit

/** Of a directory that nothing describes. */
const IMPLIED_DIRECTORY: Attributes = {
  mode: 0o040755,
  uid: 0,
  gid: 0,
  seconds: 0,
  nanoseconds: 0,
  xattrs: undefined,
};

export interface TreePlace {
  readonly directory: DirectoryNode;
  /** Empty: the directory itself, which is the root. */
  readonly name: string;
}

/** What to do about a directory that is not there. */
type Missing = "make" | "leave";

export class TreePlacement {
  readonly root: DirectoryNode;
  readonly #limits: TreeLimits;
  #layer = 0;
  /** Directories that this layer has, the root too. */
  #directories = 1;
  /** Those in which nothing of the layers below is left: marks that repeat cost nothing. */
  readonly #cleared = new Set<DirectoryNode>();
  #bytes = 0;
  /** Entries of one directory mostly follow each other. */
  #lastParent = "";
  #lastDirectory: DirectoryNode;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
    this.root = newDirectory(undefined, "", 0, IMPLIED_DIRECTORY);
    this.#lastDirectory = this.root;
  }

  /** Of the layer that is being applied; 0 is the lowest. */
  get layer(): number {
    return this.#layer;
  }

  nextLayer(): void {
    this.#layer += 1;
    this.#directories = 1;
    this.#cleared.clear();
    this.root.layer = this.#layer;
    this.#forgetLast();
  }

  /** `path`: cleaned. Undefined only for `missing` = "leave". */
  locate(path: string, missing: Missing): TreePlace | undefined {
    const slash = path.lastIndexOf("/");
    const parentPath = slash < 0 ? "" : path.slice(0, slash);
    if (parentPath !== this.#lastParent) {
      const directory = this.#walk(parentPath, missing);
      if (directory === undefined) {
        return undefined;
      }
      this.#lastParent = parentPath;
      this.#lastDirectory = directory;
    }
    return { directory: this.#lastDirectory, name: path.slice(slash + 1) };
  }

  /** What this layer itself has at a place. */
  own({ directory, name }: TreePlace): TreeNode | undefined {
    const node = directory.children.get(name);
    return node?.layer === this.#layer ? node : undefined;
  }

  /** Takes the place of whatever is there. */
  put({ directory, name }: TreePlace, node: TreeNode): void {
    if (name.length > LONGEST_NAME) {
      throw refused(directory, name, `a name has more than ${LONGEST_NAME} bytes`);
    }
    this.charge(NODE_BYTES + name.length);
    const before = directory.children.size;
    directory.children.set(name, node);
    if (directory.children.size === before) {
      this.#forgetLast();
    }
  }

  remove({ directory, name }: TreePlace): void {
    directory.children.delete(name);
    this.#forgetLast();
  }

  makeDirectory(place: TreePlace, attributes: Attributes = IMPLIED_DIRECTORY): DirectoryNode {
    const { directory, name } = place;
    const made = newDirectory(directory, name, this.#layer, attributes);
    this.#admit(made, name);
    this.put(place, made);
    return made;
  }

  /** This layer has the directory now, too. */
  adopt(directory: DirectoryNode, name: string): void {
    if (directory.layer !== this.#layer) {
      directory.layer = this.#layer;
      this.#admit(directory, name);
    }
  }

  /** Hides what the layers below have at a place; what this layer has there stays. */
  hide(place: TreePlace): void {
    const node = place.directory.children.get(place.name);
    if (node === undefined) {
      return;
    }
    if (node.layer !== this.#layer) {
      this.remove(place);
    } else if (node.kind === "directory") {
      this.hideInside(node);
    }
  }

  /** Hides all that the layers below have in a directory of this layer. */
  hideInside(top: DirectoryNode): void {
    const pending = [top];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (!this.#cleared.has(next)) {
        this.#cleared.add(next);
        this.#clear(next, pending);
      }
    }
    this.#forgetLast();
  }

  /** Adds the directories of this layer that are left to `pending`. */
  #clear(directory: DirectoryNode, pending: DirectoryNode[]): void {
    for (const [name, node] of directory.children) {
      if (node.layer !== this.#layer) {
        directory.children.delete(name);
      } else if (node.kind === "directory") {
        pending.push(node);
      }
    }
  }

  /** What a tree takes in memory is the image's choice, too: throws when it is absurd. */
  charge(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MOST_BYTES) {
      throw new OcicatError("exhausted", {
        operation: "make",
        subject: "an EROFS image",
        reason: `its names and attributes have more than ${MOST_BYTES} bytes`,
      });
    }
  }

  #forgetLast(): void {
    this.#lastParent = "";
    this.#lastDirectory = this.root;
  }

  #walk(path: string, missing: Missing): DirectoryNode | undefined {
    const pending = path.split("/").reverse();
    let directory = this.root;
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const step = this.#step(directory, name, missing);
      if (step === undefined) {
        return undefined;
      }
      if (typeof step !== "string") {
        directory = step;
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) {
        throw tooManyLinks(path);
      }
      directory = step.startsWith("/") ? this.root : directory;
      pending.push(...step.split("/").reverse());
    }
    return directory;
  }

  /** A directory, the target of a link to follow, or nothing. */
  #step(
    directory: DirectoryNode,
    name: string,
    missing: Missing,
  ): DirectoryNode | string | undefined {
    if (name === "" || name === ".") {
      return directory;
    }
    if (name === "..") {
      return directory.parent ?? directory;
    }
    const node = directory.children.get(name);
    switch (node?.kind) {
      case undefined:
        return missing === "make" ? this.makeDirectory({ directory, name }) : undefined;
      case "directory":
        this.adopt(node, name);
        return node;
      case "symlink":
        return node.target;
      case "hard-link":
        if (node.target.kind === "symlink") {
          return node.target.target;
        }
        break;
      default:
    }
    throw refused(directory, name, "it is not a directory");
  }

  /** Counts a directory that this layer has from now on. */
  #admit(directory: DirectoryNode, name: string): void {
    const { depth, directories } = this.#limits;
    const reasons = [
      directory.depth > depth && `it is more than ${depth} levels deep`,
      directory.pathBytes > LONGEST_PATH && `its path has more than ${LONGEST_PATH} bytes`,
      this.#directories > directories && `the layer has more than ${directories} directories`,
    ];
    const reason = reasons.find((each) => each !== false);
    if (typeof reason === "string") {
      throw new OcicatError("exhausted", {
        operation: "make the directory",
        subject: quoteByteString(pathOf(directory.parent ?? directory, name)),
        reason,
      });
    }
    this.#directories += 1;
  }
}

function refused(directory: DirectoryNode, name: string, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "unpack into",
    subject: quoteByteString(pathOf(directory, name)),
    reason,
  });
}

function tooManyLinks(path: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "resolve",
    subject: `${quoteByteString(path)} in the image`,
    reason: "too many levels of symbolic links",
  });
}
