// The merged file system of an image's layers, entry by entry, straight from their archives: nothing is
// mounted or unpacked, and every fact is as the layers have it, whoever asks.

import { S_IFBLK, S_IFCHR, S_IFMT } from "../../abi/file.ts";
import { decodeXattrs } from "../erofs/decode-xattrs.ts";
import { ImageTree } from "../erofs/image-tree.ts";
import { scanArchive } from "../erofs/scan-archive.ts";
import {
  type DirectoryNode,
  type FileNode,
  type InodeNode,
  inodeOf,
  type LinkableNode,
} from "../erofs/tree-node.ts";
import type { NewTarEntry } from "../tar/encode-entry.ts";
import type { TarEntryKind } from "../tar/entry.ts";
import type { UnpackLimits } from "../unpack/limits.ts";
import { type ExportItem, wholeBlocks } from "./export-item.ts";
import { readRange } from "./file-range.ts";
import type { ArchivePlace } from "./layer-content.ts";

const PERMISSIONS = 0o7777;

/** `layers`: lowest first. Names in each directory ascend. */
export function* layerItems(
  layers: readonly ArchivePlace[],
  limits: UnpackLimits,
): Generator<ExportItem, void> {
  const tree = new ImageTree(limits);
  for (const [index, { fd, offset, length }] of layers.entries()) {
    if (index > 0) {
      tree.nextLayer();
    }
    scanArchive({ fd, tarOffset: offset, tarBytes: length }, tree, limits);
  }
  yield* directoryItems(tree.root, ".", { layers, paths: new Map() });
}

interface Walk {
  readonly layers: readonly ArchivePlace[];
  /** Where an inode with several names was met first. */
  readonly paths: Map<LinkableNode, string>;
}

function* directoryItems(
  directory: DirectoryNode,
  path: string,
  walk: Walk,
): Generator<ExportItem, void> {
  yield { entry: entryOf(directory, path), content: [] };
  const names = [...directory.children.keys()].sort();
  for (const name of names) {
    const child = directory.children.get(name);
    const childPath = path === "." ? name : `${path}/${name}`;
    const node = child === undefined ? undefined : inodeOf(child);
    if (node?.kind === "directory") {
      yield* directoryItems(node, childPath, walk);
    } else if (node !== undefined) {
      yield linkableItem(node, childPath, walk);
    }
  }
}

function linkableItem(node: LinkableNode, path: string, walk: Walk): ExportItem {
  const first = walk.paths.get(node);
  if (first !== undefined) {
    const entry = {
      ...entryOf(node, path),
      kind: "hard-link",
      linkTarget: first,
      size: 0,
    } as const;
    return { entry: { ...entry, xattrs: new Map() }, content: [] };
  }
  walk.paths.set(node, path);
  const entry = entryOf(node, path);
  return node.kind === "file" ? fileItem(node, entry, walk) : { entry, content: [] };
}

function entryOf(node: InodeNode, path: string): NewTarEntry {
  const { mode, uid, gid, seconds, nanoseconds, xattrs } = node.attributes;
  return {
    kind: kindOf(node),
    path,
    linkTarget: node.kind === "symlink" ? node.target : "",
    mode: mode & PERMISSIONS,
    uid,
    gid,
    size: node.kind === "file" ? node.size : 0,
    modified: { seconds, nanoseconds },
    device: deviceOf(node),
    xattrs: decodeXattrs(xattrs),
  };
}

function kindOf(node: InodeNode): TarEntryKind {
  if (node.kind !== "special") {
    return node.kind;
  }
  switch (node.attributes.mode & S_IFMT) {
    case S_IFCHR:
      return "character-device";
    case S_IFBLK:
      return "block-device";
    default:
      return "fifo";
  }
}

/** From the kernel's encoding on disk (new_encode_dev, linux/kdev_t.h). */
function deviceOf(node: InodeNode): { readonly major: number; readonly minor: number } {
  const device = node.kind === "special" ? node.device : 0;
  const major = (device & 0xfff00) >>> 8;
  return { major, minor: (device & 0xff) | ((device >>> 12) & 0xfff00) };
}

function fileItem(node: FileNode, entry: NewTarEntry, { layers }: Walk): ExportItem {
  const place = layers[node.layer];
  if (place === undefined) {
    return { entry, content: [] };
  }
  const start = place.offset + node.offset;
  if (node.segments === undefined) {
    const range = { offset: start, length: node.size };
    return { entry, content: readRange(place.fd, range, "a layer") };
  }
  const segments = wholeBlocks(node.segments, node.size);
  return { entry: { ...entry, segments }, content: sparseContent(node, place.fd, start) };
}

/** The data of the segments, with zeros where whole blocks begin earlier or end later. */
function* sparseContent(node: FileNode, fd: number, start: number): Generator<Uint8Array, void> {
  const stored = [...(node.segments ?? [])];
  let storedOffset = start;
  for (const { offset, length } of wholeBlocks(stored, node.size)) {
    let at = offset;
    for (
      let next = stored[0];
      next !== undefined && next.offset < offset + length;
      next = stored[0]
    ) {
      yield new Uint8Array(next.offset - at);
      yield* readRange(fd, { offset: storedOffset, length: next.length }, "a layer");
      storedOffset += next.length;
      at = next.offset + next.length;
      stored.shift();
    }
    yield new Uint8Array(offset + length - at);
  }
}
