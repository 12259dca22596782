// Extended attributes in pax records, in the spellings in use:
//
//   SCHILY.xattr.NAME=VALUE      star, GNU tar, and what image layers have; the value is raw. GNU tar
//                                writes "=" and "%" of the name as %3D and %25.
//   LIBARCHIVE.xattr.NAME=VALUE  bsdtar, beside the other; the name is URL-encoded, the value base64
//
// and access control lists as text, which the kernel has as attributes:
//
//   SCHILY.acl.access=TEXT, SCHILY.acl.default=TEXT      star, GNU tar, bsdtar

import { posixAclFromText } from "../posix-acl.ts";
import type { TarLimits } from "./entry.ts";
import type { PaxAttributes } from "./pax.ts";
import { overLimit } from "./tar-error.ts";

const SCHILY = "SCHILY.xattr.";
const ACLS: ReadonlyMap<string, string> = new Map([
  ["SCHILY.acl.access", "system.posix_acl_access"],
  ["SCHILY.acl.default", "system.posix_acl_default"],
]);
const LIBARCHIVE = "LIBARCHIVE.xattr.";
const NONE: ReadonlyMap<string, Uint8Array> = new Map();

export function paxXattrs(
  attributes: PaxAttributes,
  limits: TarLimits,
  offset: number,
): ReadonlyMap<string, Uint8Array> {
  let xattrs: Map<string, Uint8Array> | undefined;
  for (const [keyword, raw] of attributes.entries()) {
    const xattr = parseXattr(keyword, raw);
    if (xattr === undefined || (xattrs?.has(xattr.name) === true && !xattr.preferred)) {
      continue;
    }
    if (xattr.value.length > limits.xattrBytes) {
      throw overLimit(offset, `the extended attribute ${xattr.name}`, limits.xattrBytes);
    }
    xattrs ??= new Map();
    xattrs.set(xattr.name, xattr.value);
  }
  return xattrs ?? NONE;
}

interface PaxXattr {
  readonly name: string;
  readonly value: Uint8Array;
  /** Wins over the other spelling. */
  readonly preferred: boolean;
}

function parseXattr(keyword: string, raw: Buffer): PaxXattr | undefined {
  if (keyword.startsWith(SCHILY)) {
    const name = keyword.slice(SCHILY.length).replace(/%(3D|25)/gi, percentDecode);
    return { name, value: Uint8Array.from(raw), preferred: true };
  }
  if (keyword.startsWith(LIBARCHIVE)) {
    const name = keyword.slice(LIBARCHIVE.length).replace(/%([0-9A-F]{2})/gi, percentDecode);
    const value = Uint8Array.from(Buffer.from(raw.toString("latin1"), "base64"));
    return { name, value, preferred: false };
  }
  return parseAcl(keyword, raw);
}

function parseAcl(keyword: string, raw: Buffer): PaxXattr | undefined {
  const name = ACLS.get(keyword);
  const value = name === undefined ? undefined : posixAclFromText(raw.toString("latin1"));
  return name === undefined || value === undefined ? undefined : { name, value, preferred: false };
}

function percentDecode(_: string, hexadecimal: string): string {
  return String.fromCharCode(Number.parseInt(hexadecimal, 16));
}
