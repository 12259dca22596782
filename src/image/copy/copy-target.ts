// Where a copy goes, by the rules of `docker cp`, which are nearly those of cp(1):
//
//   the target is     a file is copied                    a folder is copied
//   ---------------   ---------------------------------   ------------------------------------------
//   a folder          into it, under its own name         into it, under its own name; its content
//                                                         alone where the source ends with "/."
//   a file            in its place                        refused
//   not there         under this name; refused where      made with the content
//                     the target ends with "/"

import { S_IFDIR, S_IFMT } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import type { MergedEntry, MergedView } from "../merged-view.ts";

export interface CopyTarget {
  /** The folder: a path without links. */
  readonly folder: string;
  /** What the copy is called in it; "": the content goes there as it is. */
  readonly name: string;
}

/** `path`s are byte strings, as they were given. Throws "not-found". */
export function findSource(view: MergedView, path: string, followLink: boolean): MergedEntry {
  const entry = view.find(withoutEnd(path), followLink || endsInside(path));
  if (entry === undefined) {
    throw missing("find", path);
  }
  if (endsInside(path) && !isFolder(entry)) {
    throw refused("copy", path, "it is not a directory");
  }
  return entry;
}

export interface CopySource {
  readonly path: string;
  readonly entry: MergedEntry;
  /** What the root is called where it is copied itself, and not its content alone. */
  readonly rootName?: string;
  /** A directory takes the place of something else. */
  readonly overwrites?: boolean;
}

const OVERWRITING = "--overwrite puts it in its place";

export function findTarget(view: MergedView, path: string, source: CopySource): CopyTarget {
  const entry = view.find(withoutEnd(path), true);
  if (entry === undefined) {
    return newTarget(view, path, isFolder(source.entry));
  }
  if (isFolder(entry)) {
    const isContent = source.path.endsWith("/.") || source.entry.path === "";
    const name = source.rootName ?? (isContent ? "" : lastName(source.path));
    return { folder: entry.path, name };
  }
  if (isFolder(source.entry) && source.overwrites !== true) {
    throw refused("copy a directory to", path, "it is not a directory", OVERWRITING);
  }
  if (endsInside(path) && !isFolder(source.entry)) {
    throw refused("copy to", path, "it is not a directory");
  }
  const slash = entry.path.lastIndexOf("/");
  return { folder: entry.path.slice(0, Math.max(0, slash)), name: entry.path.slice(slash + 1) };
}

/** The folder that an archive is unpacked in. */
export function findTargetFolder(view: MergedView, path: string): CopyTarget {
  const entry = view.find(withoutEnd(path), true);
  if (entry === undefined) {
    throw missing("unpack in", path);
  }
  if (!isFolder(entry)) {
    throw refused("unpack in", path, "it is not a directory");
  }
  return { folder: entry.path, name: "" };
}

function newTarget(view: MergedView, path: string, isOfFolder: boolean): CopyTarget {
  const name = lastName(path);
  if ((endsInside(path) && !isOfFolder) || name === "" || name === "..") {
    throw missing("copy to", path);
  }
  const parentPath = withoutEnd(path).replace(/[^/]*$/, "");
  const parent = view.find(withoutEnd(parentPath), true);
  if (parent === undefined) {
    throw missing("copy to", parentPath);
  }
  if (!isFolder(parent)) {
    throw refused("copy to", parentPath, "it is not a directory");
  }
  return { folder: parent.path, name };
}

/** "a/b", "a/b/" and "a/b/." have the name "b". */
export function lastName(path: string): string {
  return withoutEnd(path).replace(/^.*\//s, "");
}

function withoutEnd(path: string): string {
  return path.replace(/(\/+\.?)+$/, "");
}

function endsInside(path: string): boolean {
  return /\/\.?$/.test(path);
}

function isFolder({ status }: MergedEntry): boolean {
  return (status.mode & S_IFMT) === S_IFDIR;
}

function missing(operation: string, path: string): OcicatError {
  return new OcicatError("not-found", {
    operation,
    subject: quoteByteString(path),
    reason: "no such file or directory",
  });
}

function refused(operation: string, path: string, reason: string, hint?: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation,
    subject: quoteByteString(path),
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}
