// Extended attributes of open files and directories.

import { Errno } from "../error/errno.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { bytes, cstring, decodeText } from "./memory.ts";

/** The kernel's own limit for one value, and for the list of names (xattr(7)). */
const LARGEST = 64 * 1024;

/** There is one: a list is taken apart before anything else happens. */
let listing: Uint8Array<ArrayBuffer> | undefined;

/** Undefined: there is no such attribute, this process may not see it, or there can be none. */
export function readXattr(fd: number, name: string, largest = LARGEST): Uint8Array | undefined {
  const buffer = bytes(largest);
  const length = call("fgetxattr", fd, cstring(name), addressOf(buffer), buffer.length);
  if ([-Errno.ENODATA, -Errno.EOPNOTSUPP, -Errno.EPERM, -Errno.EACCES].includes(length)) {
    return undefined;
  }
  checked(length, "read the extended attribute", name);
  return buffer.subarray(0, length);
}

export function listXattrs(fd: number, subject: string): string[] {
  listing ??= bytes(LARGEST);
  const buffer = listing;
  const length = call("flistxattr", fd, addressOf(buffer), buffer.length);
  if (length === -Errno.EOPNOTSUPP) {
    return [];
  }
  checked(length, "list the extended attributes of", subject);
  return decodeText(buffer.subarray(0, length)).split("\0").filter(Boolean);
}

/** As readXattr, of what `path` names, even if that is a symbolic link. */
export function readXattrOfLink(pathAddress: number, name: string): Uint8Array | undefined {
  const buffer = bytes(LARGEST);
  const length = call("lgetxattr", pathAddress, cstring(name), addressOf(buffer), buffer.length);
  return length < 0 ? undefined : buffer.subarray(0, length);
}

/** As listXattrs; none where they can't be read. */
export function listXattrsOfLink(pathAddress: number): string[] {
  const buffer = bytes(LARGEST);
  const length = call("llistxattr", pathAddress, addressOf(buffer), buffer.length);
  return decodeText(buffer.subarray(0, Math.max(0, length)))
    .split("\0")
    .filter(Boolean);
}

/** 0 or -errno. */
export function trySetXattr(fd: number, name: string, value: Uint8Array): number {
  return call("fsetxattr", fd, cstring(name), ...valueArguments(value));
}

/** Of what `path` names, even if that is a symbolic link. 0 or -errno. */
export function trySetXattrOfLink(pathAddress: number, name: string, value: Uint8Array): number {
  return call("lsetxattr", pathAddress, cstring(name), ...valueArguments(value));
}

function valueArguments(value: Uint8Array): [address: number, length: number, flags: number] {
  return [value.length === 0 ? 0 : addressOf(value), value.length, 0];
}
