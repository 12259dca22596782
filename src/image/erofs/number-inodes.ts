// Gives the inodes of a tree their order in the image: breadth first, so that what one directory has lies
// together. Counts the names of each on the way, and sorts and cuts directories into blocks.

import { BLOCK_BYTES, DIRENT_BYTES } from "./format.ts";
import { type DirectoryNode, type InodeNode, inodeOf, UNNUMBERED } from "./tree-node.ts";

export interface DirectoryListing {
  /** "." and ".." too, by the order of bytes. */
  readonly names: readonly string[];
  /** Of the inode behind each name. */
  readonly numbers: Uint32Array;
  /** The first name of each block; the count of names at the end. */
  readonly cuts: readonly number[];
  /** In the last block. */
  readonly lastBytes: number;
}

export interface NumberedInodes {
  /** `node.number` is its place here. */
  readonly nodes: readonly InodeNode[];
  /** By number. */
  readonly links: Uint32Array;
  /** Of the directories, in the order in which `nodes` has them. */
  readonly listings: readonly DirectoryListing[];
}

/** A tree can be numbered once. */
export function numberInodes(root: DirectoryNode): NumberedInodes {
  return new Numbering(root).finish();
}

class Numbering {
  readonly #nodes: InodeNode[] = [];
  readonly #links: number[] = [];
  readonly #listings: DirectoryListing[] = [];

  constructor(root: DirectoryNode) {
    this.#numberOf(root);
  }

  finish(): NumberedInodes {
    for (let index = 0; index < this.#nodes.length; index += 1) {
      const node = this.#nodes[index];
      if (node?.kind === "directory") {
        this.#listings.push(this.#list(node));
      }
    }
    const links = Uint32Array.from(this.#links);
    return { nodes: this.#nodes, links, listings: this.#listings };
  }

  #list(directory: DirectoryNode): DirectoryListing {
    const names = [...directory.children.keys(), ".", ".."].sort();
    const numbers = new Uint32Array(names.length);
    const cuts = [0];
    let lastBytes = 0;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] ?? "";
      const bytes = DIRENT_BYTES + name.length;
      if (lastBytes + bytes > BLOCK_BYTES) {
        cuts.push(index);
        lastBytes = 0;
      }
      lastBytes += bytes;
      numbers[index] = this.#link(directory, name);
    }
    cuts.push(names.length);
    return { names, numbers, cuts, lastBytes };
  }

  /** Counts a name. Returns the number of what it leads to; the ".." of the root is the root. */
  #link(directory: DirectoryNode, name: string): number {
    const child = directory.children.get(name);
    const parent = name === ".." ? directory.parent : undefined;
    const number = this.#numberOf(child === undefined ? (parent ?? directory) : inodeOf(child));
    this.#links[number] = (this.#links[number] ?? 0) + 1;
    return number;
  }

  #numberOf(inode: InodeNode): number {
    if (inode.number === UNNUMBERED) {
      inode.number = this.#nodes.length;
      this.#nodes.push(inode);
      this.#links.push(0);
    }
    return inode.number;
  }
}
