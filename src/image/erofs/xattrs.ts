// The extended attributes of an entry as EROFS has them behind the inode:
//
//   header, 12 bytes, all zero here (no name filter, no shared attributes)
//   then per attribute, padded to 4 bytes:
//   u8 length of the name | u8 prefix | u16 length of the value | name without the prefix | value
//
// Which of them an image may set is decided as when a layer is unpacked (unpack/metadata.ts), and what
// the kernel checks when an attribute is set is checked here: nobody does it later.

import { quoteByteString } from "../../sys/byte-path.ts";
import { type PosixAcl, parsePosixAcl } from "../posix-acl.ts";
import type { TarEntry } from "../tar/entry.ts";
import { refusedEntry } from "../unpack/entry-error.ts";
import { isTakenXattr } from "../unpack/metadata.ts";
import type { Notes } from "../unpack/notes.ts";

const HEADER_BYTES = 12;
const ENTRY_HEADER_BYTES = 4;
const LONGEST_NAME = 255; // XATTR_NAME_MAX
const LONGEST_VALUE = 65_535;
/** i_xattr_icount has 16 bits and counts 4 bytes each, the header as one. */
const MOST_BYTES = HEADER_BYTES + (65_535 - 1) * 4;

const ACL_ACCESS = "system.posix_acl_access";
const ACL_DEFAULT = "system.posix_acl_default";
const CAPABILITY = "security.capability";

const PREFIXES: readonly (readonly [text: string, number: number])[] = [
  ["user.", 1],
  ["trusted.", 4],
  ["security.", 6],
];

export interface EncodedXattrs {
  readonly xattrs: Uint8Array | undefined;
  /** Permission bits, as an access control list has changed them. */
  readonly mode: number;
}

interface Xattr {
  readonly prefix: number;
  /** Without the prefix. */
  readonly name: string;
  readonly value: Uint8Array;
}

export function encodeXattrs(entry: TarEntry, notes: Notes): EncodedXattrs {
  if (entry.xattrs.size === 0) {
    return { xattrs: undefined, mode: entry.mode };
  }
  const acl = accessAcl(entry);
  const kept: Xattr[] = acl === undefined || acl.isMode ? [] : [{ ...ACCESS, value: acl.value }];
  for (const [name, value] of entry.xattrs) {
    if (!isAcl(entry, name)) {
      kept.push(...keptXattr(entry, [name, value], notes));
    }
  }
  const mode = acl === undefined ? entry.mode : (entry.mode & ~0o777) | acl.permissions;
  return { xattrs: kept.length === 0 ? undefined : encode(entry, kept), mode };
}

/** None or one. */
function keptXattr(
  entry: TarEntry,
  [name, value]: readonly [string, Uint8Array],
  notes: Notes,
): Xattr[] {
  const isTaken = isTakenXattr(name);
  const xattr = isTaken ? toXattr(entry, name, value) : undefined;
  if (xattr === undefined) {
    const what = isTaken ? "possible here" : "taken from the image";
    notes.add(`extended attribute ${quoteByteString(name)} not ${what}`);
    return [];
  }
  return [xattr];
}

const ACCESS = { prefix: 2, name: "" } as const;
const DEFAULT = { prefix: 3, name: "" } as const;

/** Of the mode, which is dealt with apart, or of a symbolic link, which has none. */
function isAcl(entry: TarEntry, name: string): boolean {
  return name === ACL_ACCESS || (name === ACL_DEFAULT && entry.kind === "symlink");
}

function accessAcl(entry: TarEntry): PosixAcl | undefined {
  const value = entry.kind === "symlink" ? undefined : entry.xattrs.get(ACL_ACCESS);
  return value && (parsePosixAcl(value) ?? refuse(entry, ACL_ACCESS));
}

/** Undefined: the kernel has no such attribute for this kind of entry. */
function toXattr(entry: TarEntry, name: string, value: Uint8Array): Xattr | undefined {
  if (name.length > LONGEST_NAME || value.length > LONGEST_VALUE) {
    refuse(entry, name);
  }
  if (name === ACL_DEFAULT) {
    const acl = entry.kind === "directory" ? parsePosixAcl(value) : undefined;
    const isFaulty = entry.kind === "directory" && acl === undefined;
    return isFaulty ? refuse(entry, name) : acl && { ...DEFAULT, value: acl.value };
  }
  if (name === CAPABILITY && !isCapability(value)) {
    refuse(entry, name);
  }
  const hasUserXattrs = entry.kind === "directory" || entry.kind === "file";
  const prefix = PREFIXES.find(([text]) => name.startsWith(text) && name.length > text.length);
  if (prefix === undefined || (prefix[0] === "user." && !hasUserXattrs)) {
    return undefined;
  }
  const [text, number] = prefix;
  return { prefix: number, name: name.slice(text.length), value };
}

/** struct vfs_cap_data of revision 2 or 3 (linux/capability.h): what setting one takes. */
function isCapability(value: Uint8Array): boolean {
  const revision = value[3];
  return (value.length === 20 && revision === 2) || (value.length === 24 && revision === 3);
}

function refuse(entry: TarEntry, name: string): never {
  throw refusedEntry(entry, `the extended attribute ${quoteByteString(name)} is not valid`);
}

function encode(entry: TarEntry, xattrs: readonly Xattr[]): Uint8Array {
  const sizes = xattrs.map(({ name, value }) => ENTRY_HEADER_BYTES + name.length + value.length);
  const total = sizes.reduce((sum, size) => sum + padded(size), HEADER_BYTES);
  if (total > MOST_BYTES) {
    throw refusedEntry(entry, `its extended attributes have more than ${MOST_BYTES} bytes`);
  }
  const body = Buffer.from(new ArrayBuffer(total));
  let at = HEADER_BYTES;
  for (const [index, { prefix, name, value }] of xattrs.entries()) {
    body[at] = name.length;
    body[at + 1] = prefix;
    body.writeUInt16LE(value.length, at + 2);
    body.write(name, at + ENTRY_HEADER_BYTES, "latin1");
    body.set(value, at + ENTRY_HEADER_BYTES + name.length);
    at += padded(sizes[index] ?? 0);
  }
  return body;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}
