// Layers for containers whose ids the process that unpacks calls by other numbers than the image does: each
// file is given to the one that the container sees as its owner.

import type { IdMapping } from "../../oci/mount.ts";
import type { IdMaps } from "../../plan/request.ts";
import type { Metadata } from "./metadata.ts";
import type { Notes } from "./notes.ts";

const SET_IDS = 0o6000;
const CAPABILITY = "security.capability";

// struct vfs_ns_cap_data, little endian: magic u32, permitted and inheritable u32 twice, and in revision 3 the
// id of the root for whose user namespaces they hold (linux/capability.h)
const REVISION_2 = 0x0200_0000;
const REVISION_3 = 0x0300_0000;
const REVISION_MASK = 0xff00_0000;
const BYTES_2 = 20;
const BYTES_3 = 24;

export class InsideOwners {
  readonly #maps: IdMaps;
  /** Whose what the image does not describe is. */
  readonly root: { readonly uid: number; readonly gid: number };

  /** `maps`: from the image's ids to those that this process knows. */
  constructor(maps: IdMaps) {
    this.#maps = maps;
    this.root = { uid: lookUp(maps.uid, 0) ?? 0, gid: lookUp(maps.gid, 0) ?? 0 };
  }

  /**
   * What belongs to somebody whom the container does not have is its root's, but nobody is to become root by
   * that.
   */
  apply<Described extends Metadata>(entry: Described, notes: Notes): Described {
    const uid = lookUp(this.#maps.uid, entry.uid);
    const gid = lookUp(this.#maps.gid, entry.gid);
    const isKept = uid !== undefined && gid !== undefined;
    if (!isKept) {
      notes.add("owner not kept, the container has no such ids");
    }
    return {
      ...entry,
      uid: uid ?? this.root.uid,
      gid: gid ?? this.root.gid,
      mode: isKept ? entry.mode : entry.mode & ~SET_IDS,
      xattrs: this.#withRootOfCapabilities(entry.xattrs),
    };
  }

  /** Capabilities of a file hold below the user namespace of the root that they name. */
  #withRootOfCapabilities(xattrs: Metadata["xattrs"]): Metadata["xattrs"] {
    const value = xattrs.get(CAPABILITY);
    return value === undefined
      ? xattrs
      : new Map([...xattrs, [CAPABILITY, capabilitiesOf(value, this.root.uid)]]);
  }
}

function capabilitiesOf(value: Uint8Array, root: number): Uint8Array {
  if (value.length !== BYTES_2) {
    return value;
  }
  const magic = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
  if ((magic & REVISION_MASK) !== REVISION_2) {
    return value;
  }
  const named = new Uint8Array(new ArrayBuffer(BYTES_3));
  named.set(value);
  const view = new DataView(named.buffer);
  view.setUint32(0, (magic & ~REVISION_MASK) | REVISION_3, true);
  view.setUint32(BYTES_2, root, true);
  return named;
}

function lookUp(map: readonly IdMapping[], id: number): number | undefined {
  const mapping = map.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return mapping === undefined ? undefined : mapping.hostID + (id - mapping.containerID);
}
