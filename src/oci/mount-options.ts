// The mount options that the specification gives a meaning of their own. Every other option belongs
// to the file system. Source: config.md, section "Linux mount options".

export const MOUNT_OPTIONS = [
  "async",
  "atime",
  "bind",
  "defaults",
  "dev",
  "diratime",
  "dirsync",
  "exec",
  "idmap",
  "iversion",
  "lazytime",
  "loud",
  "mand",
  "noatime",
  "nodev",
  "nodiratime",
  "noexec",
  "noiversion",
  "nolazytime",
  "nomand",
  "norelatime",
  "nostrictatime",
  "nosuid",
  "nosymfollow",
  "private",
  "ratime",
  "rbind",
  "rdev",
  "rdiratime",
  "relatime",
  "remount",
  "rexec",
  "ridmap",
  "rnoatime",
  "rnodev",
  "rnodiratime",
  "rnoexec",
  "rnorelatime",
  "rnostrictatime",
  "rnosuid",
  "rnosymfollow",
  "ro",
  "rprivate",
  "rrelatime",
  "rro",
  "rrw",
  "rshared",
  "rslave",
  "rstrictatime",
  "rsuid",
  "rsymfollow",
  "runbindable",
  "rw",
  "shared",
  "silent",
  "slave",
  "strictatime",
  "suid",
  "symfollow",
  "sync",
  "tmpcopyup",
  "unbindable",
] as const;
export type MountOption = (typeof MOUNT_OPTIONS)[number];

const KNOWN: ReadonlySet<string> = new Set(MOUNT_OPTIONS);

export function isMountOption(option: string): option is MountOption {
  return KNOWN.has(option);
}

/** A bind mount says so in its options or, as old engines write it, in its type. */
export function isBindMount(mount: {
  readonly type?: string | undefined;
  readonly options?: readonly string[];
}): boolean {
  const options = mount.options ?? [];
  return mount.type === "bind" || options.includes("bind") || options.includes("rbind");
}

/** Our own, by the name that mount(8) gives it: what of a bind mount's source is mounted. */
export const SUBDIRECTORY = "X-mount.subdir=";

/** Undefined: all of it. */
export function subdirectoryOf(mount: {
  readonly type?: string | undefined;
  readonly options?: readonly string[];
}): string | undefined {
  const option = mount.options?.findLast((each) => each.startsWith(SUBDIRECTORY));
  const path = isBindMount(mount) ? option?.slice(SUBDIRECTORY.length) : undefined;
  return path === "" ? undefined : path;
}
