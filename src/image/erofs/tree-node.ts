// The tree of an image in memory: what EROFS calls inodes, and the names that lead to them. There can be
// hundreds of thousands, so a node has what its kind needs and no more.

import type { SparseSegment } from "../tar/entry.ts";

export interface Attributes {
  /** Type and permission bits, as st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The time of change: since 1970, and forward from there. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** As encodeXattrs made them; undefined where there are none. */
  readonly xattrs: Uint8Array | undefined;
}

/** `layer` of a node: the number of the layer that has made it, for directories of the last one that had it. */
export interface DirectoryNode {
  readonly kind: "directory";
  readonly parent: DirectoryNode | undefined;
  /** Of directories inside each other: the root has 0. */
  readonly depth: number;
  /** The length of its path from the root. */
  readonly pathBytes: number;
  readonly children: Map<string, TreeNode>;
  layer: number;
  attributes: Attributes;
  /** In the image; UNNUMBERED before. */
  number: number;
}

export interface FileNode {
  readonly kind: "file";
  /** It also says which archive has the content. */
  readonly layer: number;
  readonly attributes: Attributes;
  readonly size: number;
  /** Of the content in the archive. */
  readonly offset: number;
  /** As StoredData.segments. */
  readonly segments: readonly SparseSegment[] | undefined;
  number: number;
}

export interface SymlinkNode {
  readonly kind: "symlink";
  readonly layer: number;
  readonly attributes: Attributes;
  readonly target: string;
  number: number;
}

/** A fifo or a device. */
export interface SpecialNode {
  readonly kind: "special";
  readonly layer: number;
  readonly attributes: Attributes;
  /** As the kernel encodes it on disk; 0 for a fifo. */
  readonly device: number;
  number: number;
}

/** A name that another layer than that of the inode has given to it. */
export interface HardLinkNode {
  readonly kind: "hard-link";
  readonly layer: number;
  readonly target: LinkableNode;
}

export type LinkableNode = FileNode | SymlinkNode | SpecialNode;
export type InodeNode = DirectoryNode | LinkableNode;
export type TreeNode = InodeNode | HardLinkNode;

export const UNNUMBERED = -1;

export function inodeOf(node: TreeNode): InodeNode {
  return node.kind === "hard-link" ? node.target : node;
}

export function newDirectory(
  parent: DirectoryNode | undefined,
  name: string,
  layer: number,
  attributes: Attributes,
): DirectoryNode {
  const isTop = parent === undefined || parent.parent === undefined;
  return {
    kind: "directory",
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
    pathBytes: isTop ? name.length : parent.pathBytes + 1 + name.length,
    children: new Map(),
    layer,
    attributes,
    number: UNNUMBERED,
  };
}

/** The path of what has this name in the directory, for messages: nodes do not know their names. */
export function pathOf(directory: DirectoryNode, name: string): string {
  const names = [name];
  for (let node = directory; node.parent !== undefined; node = node.parent) {
    names.push(nameOf(node, node.parent));
  }
  return names.reverse().join("/");
}

function nameOf(node: DirectoryNode, parent: DirectoryNode): string {
  for (const [name, child] of parent.children) {
    if (child === node) {
      return name;
    }
  }
  return "";
}
