// Makes the blocks in front of an entry's data: a ustar header, and before it a pax header with what
// the ustar header can't say. The same entry gives the same bytes on every machine: no names of users,
// no times but the entry's own.
//
// A sparse file is written in format 1.0 (sparse.ts draws it): its map is the head of its data.

import { OcicatError } from "../../error/ocicat-error.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import {
  BINARY_NAMES,
  encodePaxRecords,
  formatPaxTime,
  type PaxText,
  xattrRecords,
} from "./encode-pax.ts";
import type { SparseSegment, TarEntry, TarEntryKind } from "./entry.ts";
import { BLOCK_BYTES } from "./header.ts";

/** What is to be written. Names are byte strings; of a directory without the slash at its end. */
export interface NewTarEntry extends Omit<TarEntry, "offset" | "sparse"> {
  /**
   * Of a sparse file: the parts that have data, ascending; the rest of `size` is holes. They begin and
   * end at whole blocks or at the end of the file: GNU tar reads others wrongly.
   */
  readonly segments?: readonly SparseSegment[];
}

export interface EncodedEntry {
  /** Whole blocks. */
  readonly blocks: Buffer;
  /** How many bytes of content have to follow, without padding. */
  readonly contentBytes: number;
}

const TYPES: Readonly<Record<TarEntryKind, string>> = {
  file: "0",
  "hard-link": "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** What 7 and 11 octal digits hold. */
const LARGEST_SHORT = 0o777_7777;
const LARGEST_LONG = 0o777_7777_7777;
const MAGIC = "ustar\u000000";

export function encodeEntry(entry: NewTarEntry): EncodedEntry {
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const map =
    entry.segments === undefined ? Buffer.alloc(0) : sparseMap(entry.segments, entry.size);
  const contentBytes = contentSize(entry);
  const storedBytes = map.length + contentBytes;
  const place = entry.segments === undefined ? splitName(path) : sparsePlace(path);
  const records = recordsOf(entry, { path, storedBytes, fits: place !== undefined });
  const header = encodeHeader({
    type: TYPES[entry.kind],
    name: place?.name ?? path.slice(0, NAME_BYTES),
    prefix: place?.prefix ?? "",
    entry,
    storedBytes,
  });
  const extension = records.length === 0 ? [] : [extensionBlocks(path, records)];
  return { blocks: Buffer.concat([...extension, header, map]), contentBytes };
}

/** Zeros from the end of `bytes` of data to the next block. */
export function paddingAfter(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function contentSize({ kind, size, segments }: NewTarEntry): number {
  if (kind !== "file") {
    return 0;
  }
  return segments === undefined ? size : segments.reduce((sum, { length }) => sum + length, 0);
}

interface NamePlace {
  readonly name: string;
  readonly prefix: string;
}

/** Undefined: neither the name field nor the two fields together hold the path. */
function splitName(path: string): NamePlace | undefined {
  if (path.length <= NAME_BYTES) {
    return { name: path, prefix: "" };
  }
  // A slash at the very end is part of the name; one at the very beginning can't be expressed.
  const slash = path.indexOf("/", path.length - NAME_BYTES - 1);
  const isSplit = slash > 0 && slash <= PREFIX_BYTES && slash < path.length - 1;
  return isSplit ? { name: path.slice(slash + 1), prefix: path.slice(0, slash) } : undefined;
}

/** What readers that do not know the format unpack the map and the data as. */
function sparsePlace(path: string): NamePlace | undefined {
  const slash = path.lastIndexOf("/") + 1;
  const name = `${path.slice(0, slash)}GNUSparseFile.0/${path.slice(slash)}`;
  return splitName(name) ?? { name: "GNUSparseFile.0", prefix: "" };
}

interface StoredFacts {
  readonly path: string;
  readonly storedBytes: number;
  /** The path stands in the header. */
  readonly fits: boolean;
}

function recordsOf(entry: NewTarEntry, { path, storedBytes, fits }: StoredFacts): PaxText[] {
  const { uid, gid, device, modified, linkTarget, segments } = entry;
  const records: PaxText[] = [];
  const add = (isNeeded: boolean, keyword: string, value: string | number): void => {
    if (isNeeded) {
      records.push({ keyword, value: String(value) });
    }
  };
  add(!fits, "path", path);
  add(linkTarget.length > NAME_BYTES, "linkpath", linkTarget);
  if (segments !== undefined) {
    add(true, "GNU.sparse.major", 1);
    add(true, "GNU.sparse.minor", 0);
    add(true, "GNU.sparse.name", path);
    add(true, "GNU.sparse.realsize", entry.size);
  }
  if (records.some(({ value }) => !isUtf8(value))) {
    records.unshift(BINARY_NAMES);
  }
  add(storedBytes > LARGEST_LONG, "size", storedBytes);
  add(uid > LARGEST_SHORT, "uid", uid);
  add(gid > LARGEST_SHORT, "gid", gid);
  const { seconds, nanoseconds } = modified;
  const isWhole = nanoseconds === 0 && seconds >= 0 && seconds <= LARGEST_LONG;
  add(!isWhole, "mtime", formatPaxTime(modified));
  add(device.major > LARGEST_SHORT, "SCHILY.devmajor", device.major);
  add(device.minor > LARGEST_SHORT, "SCHILY.devminor", device.minor);
  return [...records, ...xattrRecords(entry.xattrs)];
}

function isUtf8(text: string): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "latin1"));
    return true;
  } catch {
    return false;
  }
}

function extensionBlocks(path: string, records: readonly PaxText[]): Buffer {
  const content = encodePaxRecords(records);
  const base = path.slice(path.lastIndexOf("/", path.length - 2) + 1);
  const header = encodeHeader({
    type: "x",
    name: `PaxHeaders/${base}`.slice(0, NAME_BYTES),
    prefix: "",
    entry: EXTENSION,
    storedBytes: content.length,
  });
  return Buffer.concat([header, content, Buffer.alloc(paddingAfter(content.length))]);
}

const EXTENSION: HeaderFacts = {
  linkTarget: "",
  mode: 0o644,
  uid: 0,
  gid: 0,
  modified: { seconds: 0, nanoseconds: 0 },
  device: { major: 0, minor: 0 },
};

type HeaderFacts = Pick<NewTarEntry, "linkTarget" | "mode" | "uid" | "gid" | "modified" | "device">;

interface HeaderRequest {
  readonly type: string;
  readonly name: string;
  readonly prefix: string;
  readonly entry: HeaderFacts;
  readonly storedBytes: number;
}

/** header.ts draws the block. What does not fit is 0 here: a pax record says it. */
function encodeHeader({ type, name, prefix, entry, storedBytes }: HeaderRequest): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (offset: number, digits: number, value: number): void => {
    const fits = value >= 0 && value < 8 ** digits;
    block.write((fits ? value : 0).toString(8).padStart(digits, "0"), offset, "latin1");
  };
  block.write(name, 0, "latin1");
  octal(100, 7, entry.mode);
  octal(108, 7, entry.uid);
  octal(116, 7, entry.gid);
  octal(124, 11, storedBytes);
  octal(136, 11, entry.modified.seconds);
  block.write(type, 156, "latin1");
  block.write(entry.linkTarget.slice(0, NAME_BYTES), 157, "latin1");
  block.write(MAGIC, 257, "latin1");
  octal(329, 7, entry.device.major);
  octal(337, 7, entry.device.minor);
  block.write(prefix, 345, "latin1");
  // The sum is taken with spaces in its own place.
  block.fill(" ", 148, 156, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0`, 148, "latin1");
  return block;
}

/** GNU tar takes the end of the last segment for the end of the file, so that there has to be one. */
function sparseMap(segments: readonly SparseSegment[], size: number): Buffer {
  const last = segments.at(-1);
  const isEndMarked = last !== undefined && last.offset + last.length === size;
  const all = isEndMarked ? segments : [...segments, { offset: size, length: 0 }];
  const numbers = all.flatMap(({ offset, length }) => [offset, length]);
  const text = Buffer.from(`${[all.length, ...numbers].join("\n")}\n`, "latin1");
  return Buffer.concat([text, Buffer.alloc(paddingAfter(text.length))]);
}

/** Whoever writes the data gave more or less of it than the header says. */
export function wrongContent(entry: NewTarEntry, actual: number, expected: number): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "archive",
    subject: quoteByteString(entry.path),
    reason: `it has ${actual} bytes instead of ${expected}`,
  });
}
