// What an entry of the layers below looks like, for a layer that has to repeat it: overlayfs shows the
// owner, mode and time of a merged directory as its topmost layer has them, so a directory that a layer
// only implies must not fall back to defaults.

import { S_IFDIR, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import { listXattrs, readXattr } from "../../sys/xattr.ts";
import type { MergedEntry, MergedView } from "../merged-view.ts";
import type { Metadata } from "./metadata.ts";

/** Of a directory that nothing describes. */
export const IMPLIED_DIRECTORY: Metadata = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  modified: { seconds: 0, nanoseconds: 0 },
  xattrs: new Map(),
};

const OVERLAY_XATTR = /^(trusted|user)\.overlay\./;

export function lowerMetadata(view: MergedView, entry: MergedEntry): Metadata {
  const { mode, uid, gid, modified } = entry.status;
  return { mode: mode & 0o7777, uid, gid, modified, xattrs: lowerXattrs(view, entry) };
}

function lowerXattrs(view: MergedView, entry: MergedEntry): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  const type = entry.status.mode & S_IFMT;
  if (type !== S_IFDIR && type !== S_IFREG) {
    return xattrs;
  }
  using file = view.open(entry);
  if (file === undefined) {
    return xattrs;
  }
  for (const name of listXattrs(file.number, quoteByteString(entry.path))) {
    const value = OVERLAY_XATTR.test(name) ? undefined : readXattr(file.number, name);
    if (value !== undefined) {
      xattrs.set(name, value);
    }
  }
  return xattrs;
}
