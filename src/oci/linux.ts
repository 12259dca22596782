// `linux` of config.json, but for resources and seccomp. Source: config-linux.md.

import type { IdMapping } from "./mount.ts";
import type { Resources } from "./resources.ts";
import type { SeccompProfile } from "./seccomp.ts";

export interface Linux {
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly resources?: Resources;
  /** A path, or `slice:prefix:name` for the systemd manager. */
  readonly cgroupsPath?: string;
  readonly namespaces?: readonly Namespace[];
  readonly devices?: readonly Device[];
  /** By their names in the runtime's network namespace. */
  readonly netDevices?: Readonly<Record<string, NetDevice>>;
  readonly seccomp?: SeccompProfile;
  readonly rootfsPropagation?: RootfsPropagation;
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly mountLabel?: string;
  readonly intelRdt?: IntelRdt;
  readonly memoryPolicy?: MemoryPolicy;
  readonly personality?: Personality;
  readonly timeOffsets?: Readonly<Partial<Record<Clock, TimeOffset>>>;
}

export interface Namespace {
  readonly type: NamespaceType;
  /** The namespace to join; absent: a new one is made. */
  readonly path?: string;
}

export const NAMESPACE_TYPES = [
  "pid",
  "network",
  "mount",
  "ipc",
  "uts",
  "user",
  "cgroup",
  "time",
] as const;
export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

export const CLOCKS = ["monotonic", "boottime"] as const;
export type Clock = (typeof CLOCKS)[number];

export interface TimeOffset {
  readonly secs?: number;
  /** 0 to 999,999,999. */
  readonly nanosecs?: number;
}

export interface Device {
  readonly path: string;
  readonly type: DeviceType;
  /** Present, as is `minor`, unless `type` is "p". */
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** "u" is an unbuffered character device, which Linux treats as "c"; "p" is a FIFO. */
export const DEVICE_TYPES = ["c", "b", "u", "p"] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

export interface NetDevice {
  /** Its name in the container, may end in "%d"; absent: unchanged. */
  readonly name?: string;
}

export const ROOTFS_PROPAGATIONS = [
  "shared",
  "slave",
  "private",
  "unbindable",
  "rshared",
  "rslave",
  "rprivate",
  "runbindable",
] as const;
export type RootfsPropagation = (typeof ROOTFS_PROPAGATIONS)[number];

export interface IntelRdt {
  /** "/" is the default class, the root of resctrl; absent: the container's id. */
  readonly closID?: string;
  readonly schemata?: readonly string[];
  readonly l3CacheSchema?: string;
  readonly memBwSchema?: string;
  readonly enableMonitoring?: boolean;
}

/** set_mempolicy(2). */
export interface MemoryPolicy {
  readonly mode: MemoryPolicyMode;
  /** A list of NUMA nodes: "0-3,7". */
  readonly nodes?: string;
  readonly flags?: readonly MemoryPolicyFlag[];
}

/** At the index of their number. */
export const MEMORY_POLICY_MODES = [
  "MPOL_DEFAULT",
  "MPOL_PREFERRED",
  "MPOL_BIND",
  "MPOL_INTERLEAVE",
  "MPOL_LOCAL",
  "MPOL_PREFERRED_MANY",
  "MPOL_WEIGHTED_INTERLEAVE",
] as const;
export type MemoryPolicyMode = (typeof MEMORY_POLICY_MODES)[number];

export const MEMORY_POLICY_FLAGS = [
  "MPOL_F_NUMA_BALANCING",
  "MPOL_F_RELATIVE_NODES",
  "MPOL_F_STATIC_NODES",
] as const;
export type MemoryPolicyFlag = (typeof MEMORY_POLICY_FLAGS)[number];

export interface Personality {
  readonly domain: PersonalityDomain;
  /** The specification defines none yet. */
  readonly flags?: readonly string[];
}

export const PERSONALITY_DOMAINS = ["LINUX", "LINUX32"] as const;
export type PersonalityDomain = (typeof PERSONALITY_DOMAINS)[number];
