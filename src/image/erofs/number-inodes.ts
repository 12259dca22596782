// Gives the inodes of a tree their order in the image: breadth first, so that what one directory has lies
// together. Counts the names of each on the way, and sorts and cuts directories into blocks.

import { BLOCK_BYTES, DIRENT_BYTES } from "./format.ts";
import {
  type DirectoryNode,
  type InodeNode,
  inodeOf,
  type TreeNode,
  UNNUMBERED,
} from "./tree-node.ts";

export interface DirectoryListing {
  /** "." and ".." too, by the order of bytes. */
  readonly names: readonly string[];
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
  const nodes: InodeNode[] = [root];
  const links = [2];
  const listings: DirectoryListing[] = [];
  root.number = 0;
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index];
    if (node?.kind === "directory") {
      const listing = list(node);
      listings.push(listing);
      for (const name of listing.names) {
        link(node, node.children.get(name), { nodes, links });
      }
    }
  }
  return { nodes, links: Uint32Array.from(links), listings };
}

/** `child`: undefined for "." and "..". */
function link(
  directory: DirectoryNode,
  child: TreeNode | undefined,
  { nodes, links }: { readonly nodes: InodeNode[]; readonly links: number[] },
): void {
  if (child === undefined) {
    return;
  }
  const inode = inodeOf(child);
  if (inode.number === UNNUMBERED) {
    inode.number = nodes.length;
    nodes.push(inode);
    links.push(inode.kind === "directory" ? 1 : 0);
  }
  links[inode.number] = (links[inode.number] ?? 0) + 1;
  if (inode.kind === "directory") {
    links[directory.number] = (links[directory.number] ?? 0) + 1;
  }
}

function list(directory: DirectoryNode): DirectoryListing {
  const names = [...directory.children.keys(), ".", ".."].sort();
  const cuts = [0];
  let lastBytes = 0;
  for (const [index, name] of names.entries()) {
    const bytes = DIRENT_BYTES + name.length;
    if (lastBytes + bytes > BLOCK_BYTES) {
      cuts.push(index);
      lastBytes = 0;
    }
    lastBytes += bytes;
  }
  cuts.push(names.length);
  return { names, cuts, lastBytes };
}
