// Gives what has been made its owner, permissions, extended attributes and time, in the one order that
// works:
//
//   1. the owner: changing it clears setuid, setgid and security.capability
//   2. extended attributes: an ordinary user needs write permission, which the mode may take away
//   3. the mode
//   4. POSIX ACLs: they hold a copy of the mode's group bits
//   5. the time: everything before changes it
//
// Attributes that would mean something to the host are not taken from an image: overlayfs's own (they
// redirect lookups), and the labels of security modules.

import { AT_SYMLINK_NOFOLLOW } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { systemError } from "../../error/ocicat-error.ts";
import { bytePath, checkedPath, quoteByteString } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { setU64, words } from "../../sys/memory.ts";
import { trySetXattr, trySetXattrOfLink } from "../../sys/xattr.ts";
import type { TarTime } from "../tar/entry.ts";
import type { FreshFile } from "./fresh-files.ts";
import type { Notes } from "./notes.ts";

export interface Metadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: TarTime;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

const OWNER_ONLY = 0o600;
const ACL_XATTRS = ["system.posix_acl_access", "system.posix_acl_default"];
const OVERLAY_XATTRS = ["trusted.overlay.", "user.overlay."];
const UNSUPPORTED = [-Errno.EOPNOTSUPP, -Errno.EPERM, -Errno.EACCES];

type XattrSetter = (name: string, value: Uint8Array) => number;

export class MetadataWriter {
  readonly #ownership: "keep" | "single";
  readonly #notes: Notes;
  readonly #fresh: FreshFile | undefined;
  readonly #times = words(8);
  /** Who unpacks; for "single", what the root of the image becomes. */
  readonly #own = { uid: call("geteuid"), gid: call("getegid") };

  /** `fresh`: what everything is like that it is called for, before it is. */
  constructor(ownership: "keep" | "single", notes: Notes, fresh?: FreshFile) {
    this.#ownership = ownership;
    this.#notes = notes;
    this.#fresh = fresh;
  }

  /** To make a file with: its own if it needs nothing else, else one that is its owner's alone. */
  firstMode({ mode, xattrs }: Metadata): number {
    const possible = this.#fresh?.mode ?? 0;
    return xattrs.size === 0 && (mode & ~possible) === 0 ? mode : OWNER_ONLY;
  }

  /** Of an open file that was made with firstMode; `path` is for messages. */
  applyToFile(fd: number, metadata: Metadata, path: string): void {
    if (this.firstMode(metadata) !== metadata.mode) {
      this.applyToDescriptor(fd, metadata, path);
      return;
    }
    this.#setOwner(metadata, path, (uid, gid) => call("fchown", fd, uid, gid));
    this.#setTime(fd, 0, metadata, path);
  }

  /** Of an open file or directory; `path` is for messages. */
  applyToDescriptor(fd: number, metadata: Metadata, path: string): void {
    const set: XattrSetter = (name, value) => trySetXattr(fd, name, value);
    this.#setOwner(metadata, path, (uid, gid) => call("fchown", fd, uid, gid));
    this.#setXattrs(metadata, set, path, false);
    checkedPath(call("fchmod", fd, metadata.mode), "set the mode of", path);
    this.#setXattrs(metadata, set, path, true);
    this.#setTime(fd, 0, metadata, path);
  }

  /** Of a symbolic link, which has no mode. */
  applyToLink(directoryFd: number, name: string, metadata: Metadata): void {
    this.#applyToName(directoryFd, name, metadata, undefined);
  }

  /** Of a device node or FIFO, which is better not opened. */
  applyToNode(directoryFd: number, name: string, metadata: Metadata): void {
    this.#applyToName(directoryFd, name, metadata, metadata.mode);
  }

  #applyToName(
    directoryFd: number,
    name: string,
    metadata: Metadata,
    mode: number | undefined,
  ): void {
    // There is no fsetxattrat before Linux 6.13; the directory is held open and no link itself.
    const set: XattrSetter = (xattr, value) =>
      trySetXattrOfLink(bytePath(`/proc/self/fd/${directoryFd}/${name}`), xattr, value);
    this.#setOwner(metadata, name, (uid, gid) =>
      call("fchownat", directoryFd, bytePath(name), uid, gid, AT_SYMLINK_NOFOLLOW),
    );
    this.#setXattrs(metadata, set, name, false);
    if (mode !== undefined) {
      const result = call("fchmodat", directoryFd, bytePath(name), mode);
      checkedPath(result, "set the mode of", name);
      this.#setXattrs(metadata, set, name, true);
    }
    this.#setTime(directoryFd, bytePath(name), metadata, name);
  }

  #setOwner({ uid, gid }: Metadata, path: string, set: (uid: number, gid: number) => number): void {
    if (this.#ownership === "single") {
      if (![0, this.#own.uid].includes(uid) || ![0, this.#own.gid].includes(gid)) {
        this.#notes.add("owner not kept, there is a single user here");
      }
      return;
    }
    if (uid === this.#fresh?.uid && gid === this.#fresh.gid) {
      return;
    }
    const result = set(uid, gid);
    if (result === -Errno.EINVAL) {
      throw systemError(Errno.EINVAL, "set the owner of", quoteByteString(path), {
        reason: `the user namespace does not map ${uid}:${gid}`,
        hint: "give this user more subordinate ids in /etc/subuid and /etc/subgid",
      });
    }
    checkedPath(result, "set the owner of", path);
  }

  #setXattrs(metadata: Metadata, set: XattrSetter, path: string, acls: boolean): void {
    for (const [name, value] of metadata.xattrs) {
      if (ACL_XATTRS.includes(name) !== acls) {
        continue;
      }
      if (!isTakenXattr(name)) {
        this.#notes.add(`extended attribute ${quoteByteString(name)} not taken from the image`);
        continue;
      }
      const result = set(name, value);
      if (UNSUPPORTED.includes(result)) {
        this.#notes.add(`extended attribute ${quoteByteString(name)} not possible here`);
      } else {
        checkedPath(result, `set ${quoteByteString(name)} of`, path);
      }
    }
  }

  #setTime(fd: number, nameAddress: number, { modified }: Metadata, path: string): void {
    for (const at of [0, 4]) {
      setU64(this.#times, at, modified.seconds);
      this.#times[at + 2] = modified.nanoseconds;
    }
    const flags = nameAddress === 0 ? 0 : AT_SYMLINK_NOFOLLOW;
    const result = call("utimensat", fd, nameAddress, addressOf(this.#times), flags);
    checkedPath(result, "set the time of", path);
  }
}

/** Whether an image may set the attribute; see the head of this file. */
export function isTakenXattr(name: string): boolean {
  if (name.startsWith("security.")) {
    return name === "security.capability";
  }
  return !OVERLAY_XATTRS.some((prefix) => name.startsWith(prefix));
}
