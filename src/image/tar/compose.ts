// Makes one entry of its header block and of the extension headers before it. Where they disagree,
// GNU long names win over pax records and those over the header, as in Go's archive/tar, which most
// readers of image layers use.

import type { TarEntry, TarEntryKind, TarLimits } from "./entry.ts";
import { readText, type TarHeader } from "./header.ts";
import { PaxAttributes, type PaxRecord } from "./pax.ts";
import { paxXattrs } from "./pax-xattrs.ts";
import { type PaxSparse, paxSparse } from "./sparse.ts";
import { malformed, overLimit } from "./tar-error.ts";

/** What extension headers said about the entries that follow. */
export interface Extensions {
  readonly global: readonly PaxRecord[];
  readonly own: readonly PaxRecord[];
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
}

export interface ComposedEntry {
  readonly entry: TarEntry;
  /** Bytes that follow in the archive, without padding. */
  readonly storedBytes: number;
  /** Of pax formats; the old GNU format stands in blocks after the header. */
  readonly sparse: PaxSparse | undefined;
}

const KINDS: Readonly<Record<string, TarEntryKind>> = {
  "0": "file",
  "7": "file", // "contiguous", which no system has
  S: "file", // old GNU sparse
  "1": "hard-link",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  D: "directory", // GNU incremental: its data lists the names that were there
  "6": "fifo",
};

const HIGHEST_ID = 0xffff_fffe; // 0xffffffff means "leave unchanged" to chown(2)
const NUL = "\0";
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

export function composeEntry(
  header: TarHeader,
  extensions: Extensions,
  limits: TarLimits,
  offset: number,
): ComposedEntry {
  const attributes = attributesOf(extensions, offset);
  const sparse = attributes && paxSparse(attributes, extensions.own, offset);
  const names = entryNames(header, extensions, attributes, sparse !== undefined);
  const path = checkedName(names.path, limits, offset);
  const kind = kindOf(header.type, path, offset);
  const isLink = kind === "hard-link" || kind === "symlink";
  const hasData = kind === "file" || header.type === "D";
  const storedBytes = hasData ? storedSize(header, attributes, offset) : 0;
  const entry: TarEntry = {
    kind,
    path,
    linkTarget: isLink ? checkedName(names.target, limits, offset) : "",
    mode: header.mode,
    uid: checkedId(attributes?.number("uid") ?? header.uid, offset),
    gid: checkedId(attributes?.number("gid") ?? header.gid, offset),
    size: kind === "file" ? (sparse?.realSize ?? storedBytes) : 0,
    sparse: sparse !== undefined,
    modified: attributes?.time("mtime") ?? { seconds: header.modifiedSeconds, nanoseconds: 0 },
    device: {
      major: attributes?.number("SCHILY.devmajor") ?? header.deviceMajor,
      minor: attributes?.number("SCHILY.devminor") ?? header.deviceMinor,
    },
    xattrs: attributes === undefined ? NO_XATTRS : paxXattrs(attributes, limits, offset),
    offset,
  };
  return { entry, storedBytes, sparse };
}

/** Undefined: there are none, as with most entries. */
function attributesOf({ global, own }: Extensions, offset: number): PaxAttributes | undefined {
  return global.length === 0 && own.length === 0
    ? undefined
    : new PaxAttributes(global, own, offset);
}

function entryNames(
  header: TarHeader,
  extensions: Extensions,
  attributes: PaxAttributes | undefined,
  isSparse: boolean,
): { readonly path: string; readonly target: string } {
  const sparseName = isSparse ? attributes?.text("GNU.sparse.name") : undefined;
  return {
    path: extensions.longName ?? sparseName ?? attributes?.text("path") ?? header.name,
    target: extensions.longLink ?? attributes?.text("linkpath") ?? header.linkName,
  };
}

function storedSize(
  header: TarHeader,
  attributes: PaxAttributes | undefined,
  offset: number,
): number {
  const size = attributes?.number("size") ?? header.size;
  if (size < 0) {
    throw malformed(offset, "the size is negative");
  }
  return size;
}

/** Before POSIX, a directory was a file whose name ends with a slash. */
function kindOf(type: string, path: string, offset: number): TarEntryKind {
  const kind = KINDS[type];
  if (kind === undefined) {
    throw malformed(offset, `entries of type ${JSON.stringify(type)} are unknown`);
  }
  return kind === "file" && path.endsWith("/") ? "directory" : kind;
}

function checkedName(name: string, limits: TarLimits, offset: number): string {
  if (name === "" || name.includes(NUL)) {
    throw malformed(offset, name === "" ? "a name is empty" : "a name contains a NUL");
  }
  if (name.length > limits.pathBytes) {
    throw overLimit(offset, "the length of a name", limits.pathBytes);
  }
  return name;
}

function checkedId(id: number, offset: number): number {
  if (id < 0 || id > HIGHEST_ID) {
    throw malformed(offset, `${id} is not a user or group id`);
  }
  return id;
}

/** The content of a GNU long name or link header: up to a NUL. */
export function longText(content: Buffer): string {
  return readText(content, 0, content.length);
}
