// The options of a mount, sorted by what they act on: the mount itself, the mount and all below it,
// its propagation, its file system's superblock, or the file system type (everything unknown).

import {
  MOUNT_ATTR_ATIME_MASK,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../abi/mount.ts";
import type { Mount } from "../oci/mount.ts";
import { isBindMount, SUBDIRECTORY, subdirectoryOf } from "../oci/mount-options.ts";

/** What mount_setattr(2) sets and clears; both may name the same bits, then clearing comes first. */
export interface Attributes {
  readonly set: number;
  readonly clear: number;
}

export interface MountOptions {
  readonly bind: "no" | "bind" | "rbind";
  readonly remount: boolean;
  readonly copyUp: boolean;
  readonly idmap: "no" | "idmap" | "ridmap";
  /** Of a bind mount: the part of its source that is mounted, wherever links lead inside of that. */
  readonly subdirectory: string | undefined;
  readonly attributes: Attributes;
  readonly recursiveAttributes: Attributes;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE; 0: as it comes. */
  readonly propagation: number;
  readonly recursivePropagation: number;
  /** Flags of the superblock: "ro", "sync". */
  readonly superblock: readonly string[];
  /** Options of the file system type: "mode=755", "newinstance". */
  readonly data: readonly string[];
}

type AttributeTable = Readonly<Record<string, Attributes>>;

function sets(set: number): Attributes {
  return { set, clear: 0 };
}

function clears(clear: number): Attributes {
  return { set: 0, clear };
}

function atime(set: number): Attributes {
  return { set, clear: MOUNT_ATTR_ATIME_MASK };
}

const ATTRIBUTES: AttributeTable = {
  ro: sets(MOUNT_ATTR_RDONLY),
  rw: clears(MOUNT_ATTR_RDONLY),
  nosuid: sets(MOUNT_ATTR_NOSUID),
  suid: clears(MOUNT_ATTR_NOSUID),
  nodev: sets(MOUNT_ATTR_NODEV),
  dev: clears(MOUNT_ATTR_NODEV),
  noexec: sets(MOUNT_ATTR_NOEXEC),
  exec: clears(MOUNT_ATTR_NOEXEC),
  nodiratime: sets(MOUNT_ATTR_NODIRATIME),
  diratime: clears(MOUNT_ATTR_NODIRATIME),
  noatime: atime(MOUNT_ATTR_NOATIME),
  atime: atime(0),
  relatime: atime(0),
  norelatime: atime(0),
  strictatime: atime(MOUNT_ATTR_STRICTATIME),
  nostrictatime: atime(0),
  nosymfollow: sets(MOUNT_ATTR_NOSYMFOLLOW),
  symfollow: clears(MOUNT_ATTR_NOSYMFOLLOW),
};

const PROPAGATION: Readonly<Record<string, number>> = {
  shared: MS_SHARED,
  slave: MS_SLAVE,
  private: MS_PRIVATE,
  unbindable: MS_UNBINDABLE,
};

/** Flags of the superblock that fsconfig(2) takes under their own names. */
const SUPERBLOCK_FLAGS: ReadonlySet<string> = new Set([
  "ro",
  "sync",
  "async",
  "dirsync",
  "lazytime",
  "nolazytime",
  "mand",
  "nomand",
]);

/** Options that ask for nothing, or for what the kernel no longer knows. */
const IGNORED: ReadonlySet<string> = new Set([
  "defaults",
  "bind",
  "rbind",
  "remount",
  "tmpcopyup",
  "idmap",
  "ridmap",
  "silent",
  "loud",
  "iversion",
  "noiversion",
]);

function add(attributes: Attributes, more: Attributes | undefined): Attributes {
  if (more === undefined) {
    return attributes;
  }
  // A later option overrides an earlier one: "ro,rw" is writable.
  const set = (attributes.set & ~more.clear) | more.set;
  const clear = (attributes.clear & ~more.set) | more.clear;
  return { set, clear };
}

function recursiveName(option: string): string {
  return option.startsWith("r") ? option.slice(1) : "";
}

/** Several parts of the plan ask for those of each mount. */
const sorted = new WeakMap<Mount, MountOptions>();

export function sortMountOptions(mount: Mount): MountOptions {
  const known = sorted.get(mount);
  if (known !== undefined) {
    return known;
  }
  const options = newlySorted(mount);
  sorted.set(mount, options);
  return options;
}

function newlySorted(mount: Mount): MountOptions {
  const options = mount.options ?? [];
  const data = options.filter((option) => !isGeneric(option));
  let attributes: Attributes = { set: 0, clear: 0 };
  let recursiveAttributes: Attributes = { set: 0, clear: 0 };
  let propagation = 0;
  let recursivePropagation = 0;
  for (const option of options) {
    attributes = add(attributes, ATTRIBUTES[option]);
    propagation = PROPAGATION[option] ?? propagation;
    if (ATTRIBUTES[option] === undefined) {
      recursiveAttributes = add(recursiveAttributes, ATTRIBUTES[recursiveName(option)]);
      recursivePropagation = PROPAGATION[recursiveName(option)] ?? recursivePropagation;
    }
  }
  return {
    bind: bindKind(mount),
    remount: options.includes("remount"),
    copyUp: options.includes("tmpcopyup"),
    idmap: idmapKind(mount),
    subdirectory: subdirectoryOf(mount),
    attributes,
    recursiveAttributes,
    propagation,
    recursivePropagation,
    superblock: superblockFlags(options, attributes),
    data,
  };
}

/** "ro" is both: where "rw" has come after it, it is neither. */
function superblockFlags(options: readonly string[], { set }: Attributes): string[] {
  const isReadOnly = (set & MOUNT_ATTR_RDONLY) !== 0;
  return options.filter(
    (option) => SUPERBLOCK_FLAGS.has(option) && (option !== "ro" || isReadOnly),
  );
}

/** The same, but writable. */
export function withoutReadOnly(options: MountOptions): MountOptions {
  const { set, clear } = options.attributes;
  return {
    ...options,
    attributes: { set: set & ~MOUNT_ATTR_RDONLY, clear },
    superblock: options.superblock.filter((option) => option !== "ro"),
  };
}

function isGeneric(option: string): boolean {
  return (
    IGNORED.has(option) ||
    option.startsWith(SUBDIRECTORY) ||
    SUPERBLOCK_FLAGS.has(option) ||
    isForMounts(option) ||
    isForMounts(recursiveName(option))
  );
}

function isForMounts(name: string): boolean {
  return ATTRIBUTES[name] !== undefined || PROPAGATION[name] !== undefined;
}

function bindKind(mount: Mount): MountOptions["bind"] {
  if (!isBindMount(mount)) {
    return "no";
  }
  return mount.options?.includes("rbind") === true ? "rbind" : "bind";
}

function idmapKind(mount: Mount): MountOptions["idmap"] {
  if (mount.options?.includes("ridmap") === true) {
    return "ridmap";
  }
  const wanted = mount.options?.includes("idmap") === true || mount.uidMappings !== undefined;
  return wanted ? "idmap" : "no";
}
