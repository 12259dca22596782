// `linux.resources` of config.json: what the cgroup limits. It is also the document that `update`
// reads. Source: config-linux.md, section "Control groups".
//
// 64-bit numbers are plain numbers here: a limit beyond 2^53 means "as much as there is", and a
// rounding there changes nothing.

export interface Resources {
  /** Applied in this order. */
  readonly devices?: readonly DeviceCgroupRule[];
  readonly memory?: MemoryResources;
  readonly cpu?: CpuResources;
  readonly pids?: PidsResources;
  readonly blockIO?: BlockIoResources;
  readonly hugepageLimits?: readonly HugepageLimit[];
  readonly network?: NetworkResources;
  /** By the device's name. */
  readonly rdma?: Readonly<Record<string, RdmaLimit>>;
  /** Contents of cgroup v2 files by their names. */
  readonly unified?: Readonly<Record<string, string>>;
}

export interface DeviceCgroupRule {
  readonly allow: boolean;
  /** Absent: "a". */
  readonly type?: DeviceCgroupType;
  /** Absent or -1: every number; so is `minor`. */
  readonly major?: number;
  readonly minor?: number;
  /** Of the letters r, w and m; absent or empty: all three. */
  readonly access?: string;
}

export const DEVICE_CGROUP_TYPES = ["a", "c", "b"] as const;
export type DeviceCgroupType = (typeof DEVICE_CGROUP_TYPES)[number];

/** Bytes; -1: unlimited. */
export interface MemoryResources {
  readonly limit?: number;
  readonly reservation?: number;
  /** Memory and swap together, as cgroup v1 counts. */
  readonly swap?: number;
  readonly kernel?: number;
  readonly kernelTCP?: number;
  /** 0 to 100. */
  readonly swappiness?: number;
  readonly disableOOMKiller?: boolean;
  readonly useHierarchy?: boolean;
  readonly checkBeforeUpdate?: boolean;
}

/** Times are microseconds. */
export interface CpuResources {
  /** Relative; 1024 is the kernel's default, 0 is "not set". */
  readonly shares?: number;
  /** -1: unlimited; 0: "not set". */
  readonly quota?: number;
  readonly burst?: number;
  /** 0: "not set". */
  readonly period?: number;
  readonly realtimeRuntime?: number;
  readonly realtimePeriod?: number;
  /** A list: "0-3,7". */
  readonly cpus?: string;
  readonly mems?: string;
  /** 1: the whole cgroup runs as SCHED_IDLE. */
  readonly idle?: number;
}

export interface PidsResources {
  /** -1: unlimited; 0 is a limit of zero. */
  readonly limit?: number;
}

export interface BlockIoResources {
  /** 10 to 1000; 0: "not set". */
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly WeightDevice[];
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
}

export interface WeightDevice {
  readonly major: number;
  readonly minor: number;
  readonly weight?: number;
  readonly leafWeight?: number;
}

export interface ThrottleDevice {
  readonly major: number;
  readonly minor: number;
  /** A second: bytes or operations. */
  readonly rate: number;
}

export interface HugepageLimit {
  /** "64KB", "2MB", "1GB". */
  readonly pageSize: string;
  /** Bytes. */
  readonly limit: number;
}

export interface NetworkResources {
  readonly classID?: number;
  readonly priorities?: readonly InterfacePriority[];
}

export interface InterfacePriority {
  readonly name: string;
  readonly priority: number;
}

export interface RdmaLimit {
  readonly hcaHandles?: number;
  readonly hcaObjects?: number;
}
