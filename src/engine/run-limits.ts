// What a container may take of the machine: the resources of its cgroup and the limits of its process,
// from what was asked for.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { RLIMIT_TYPES, type Rlimit, type RlimitType } from "../oci/process.ts";
import type {
  BlockIoResources,
  CpuResources,
  MemoryResources,
  Resources,
  ThrottleDevice,
} from "../oci/resources.ts";
import { readTextFileIfExists, stat } from "../sys/file.ts";
import { checkProcessors } from "./processors.ts";

const CPU_PERIOD_US = 100_000;
const FIRST_VERSION = "/sys/fs/cgroup/memory";
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

export interface RunLimits {
  /** Bytes. */
  readonly memory?: number;
  /** Bytes, what reclaim leaves the container as long as it can. */
  readonly memoryReservation?: number;
  /** Bytes of memory and swap together; -1: as much swap as there is; absent: as much as memory. */
  readonly memorySwap?: number;
  /** A number of CPUs: 1.5. */
  readonly cpus?: number;
  readonly cpuShares?: number;
  /** Microseconds, as is `cpuQuota`. */
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  /** "0-3,7". */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pids?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly throttles?: readonly RunThrottle[];
  readonly weights?: readonly RunWeight[];
  /** 0 to 100; of cgroups of version 1 alone, as are the following. */
  readonly swappiness?: number;
  /** Microseconds. */
  readonly realtimePeriod?: number;
  readonly realtimeRuntime?: number;
  /** Processes that get no memory wait for some instead of being killed. */
  readonly waitsForMemory?: boolean;
}

export type ThrottleKind = "read-bps" | "write-bps" | "read-iops" | "write-iops";

export interface RunThrottle {
  readonly kind: ThrottleKind;
  /** Of a block device of the host. */
  readonly path: string;
  /** A second. */
  readonly rate: number;
}

export interface RunWeight {
  /** Of a block device of the host. */
  readonly path: string;
  /** 10 to 1000. */
  readonly weight: number;
}

export interface RunUlimit {
  /** "nofile". */
  readonly name: string;
  readonly soft: number | "unlimited";
  readonly hard: number | "unlimited";
}

/** Those that docker has and the kernel has: "nofile" for RLIMIT_NOFILE. */
export function ulimitType(name: string): RlimitType | undefined {
  const wanted = `RLIMIT_${name.toUpperCase()}`;
  return RLIMIT_TYPES.find((type) => type === wanted);
}

export function runRlimits(ulimits: readonly RunUlimit[] = []): Rlimit[] {
  return ulimits.flatMap(({ name, soft, hard }) => {
    const type = ulimitType(name);
    return type === undefined ? [] : [{ type, soft: limitOf(soft), hard: limitOf(hard) }];
  });
}

function limitOf(limit: number | "unlimited"): number | bigint {
  return limit === "unlimited" ? RLIM_INFINITY : limit;
}

/** What is not limited is left out. Throws where a throttled device or a processor is not there. */
export function limitResources(limits: RunLimits): Resources {
  const { pids } = limits;
  checkProcessors(limits);
  const memory = memoryResources(limits);
  const cpu = cpuResources(limits);
  const blockIO = blockResources(limits);
  return {
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
    ...(blockIO === undefined ? {} : { blockIO }),
  };
}

/** Undefined instead of no properties at all. */
function unlessEmpty<Properties extends object>(properties: Properties): Properties | undefined {
  return Object.keys(properties).length === 0 ? undefined : properties;
}

function memoryResources({
  memory,
  memoryReservation,
  memorySwap,
  swappiness,
  waitsForMemory,
}: RunLimits): MemoryResources | undefined {
  const swap = memorySwap ?? usualSwap(memory);
  return unlessEmpty({
    ...(memory === undefined ? {} : { limit: memory }),
    ...(memoryReservation === undefined ? {} : { reservation: memoryReservation }),
    ...(swap === undefined ? {} : { swap }),
    ...(swappiness === undefined ? {} : { swappiness }),
    ...(waitsForMemory === true ? { disableOOMKiller: true } : {}),
  });
}

/** With a limit of memory, docker's and podman's. Undefined: none, or the kernel counts no swap. */
export function usualSwap(memory: number | undefined): number | undefined {
  return memory !== undefined && countsSwap() ? 2 * memory : undefined;
}

/**
 * A kernel may be told to leave swap out, in either version. In version 2 the root has no such file: where we are in
 * that, and there is no systemd, nobody can tell.
 */
function countsSwap(): boolean {
  if (stat(FIRST_VERSION) !== undefined) {
    return stat(`${FIRST_VERSION}/memory.memsw.limit_in_bytes`) !== undefined;
  }
  const [, own = "/"] = /^0::(.*)$/m.exec(readTextFileIfExists("/proc/self/cgroup") ?? "") ?? [];
  const groups = [own, "/system.slice", "/user.slice"];
  return groups.some((group) => stat(`/sys/fs/cgroup${group}/memory.swap.max`) !== undefined);
}

/** Throws "invalid-argument" for limits that make no sense together. */
export function checkMemory({ memory, memorySwap, memoryReservation }: RunLimits): void {
  const refuse = (flag: string, value: number, reason: string): never => {
    const subject = `--${flag} ${quote(String(value))}`;
    const hint = flag === "memory-swap" ? { hint: "-1 is as much swap as there is" } : {};
    throw new OcicatError("invalid-argument", { operation: "use", subject, reason, ...hint });
  };
  if (memorySwap !== undefined && memory === undefined) {
    refuse("memory-swap", memorySwap, "it needs --memory");
  }
  if (memory === undefined) {
    return;
  }
  if (memorySwap !== undefined && memorySwap !== -1 && memorySwap < memory) {
    const reason = "it is memory and swap together, and less than --memory";
    refuse("memory-swap", memorySwap, reason);
  }
  if (memoryReservation !== undefined && memoryReservation > memory) {
    refuse("memory-reservation", memoryReservation, "it is more than --memory");
  }
}

function cpuResources(limits: RunLimits): CpuResources | undefined {
  const { cpus, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems } = limits;
  const { realtimePeriod, realtimeRuntime } = limits;
  return unlessEmpty({
    ...(cpus === undefined
      ? {}
      : { period: CPU_PERIOD_US, quota: Math.round(cpus * CPU_PERIOD_US) }),
    ...(cpuPeriod === undefined ? {} : { period: cpuPeriod }),
    ...(cpuQuota === undefined ? {} : { quota: cpuQuota }),
    ...(realtimePeriod === undefined ? {} : { realtimePeriod }),
    ...(realtimeRuntime === undefined ? {} : { realtimeRuntime }),
    ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    ...(cpusetCpus === undefined ? {} : { cpus: cpusetCpus }),
    ...(cpusetMems === undefined ? {} : { mems: cpusetMems }),
  });
}

function blockResources(limits: RunLimits): BlockIoResources | undefined {
  const { blkioWeight, throttles = [], weights = [] } = limits;
  const devices = (wanted: ThrottleKind) =>
    throttles.filter(({ kind }) => kind === wanted).map(throttleDevice);
  return unlessEmpty({
    ...(blkioWeight === undefined ? {} : { weight: blkioWeight }),
    ...(weights.length === 0
      ? {}
      : { weightDevice: weights.map(({ path, weight }) => ({ ...deviceAt(path), weight })) }),
    ...(throttles.length === 0
      ? {}
      : {
          throttleReadBpsDevice: devices("read-bps"),
          throttleWriteBpsDevice: devices("write-bps"),
          throttleReadIOPSDevice: devices("read-iops"),
          throttleWriteIOPSDevice: devices("write-iops"),
        }),
  });
}

function throttleDevice({ path, rate }: RunThrottle): ThrottleDevice {
  return { ...deviceAt(path), rate };
}

function deviceAt(path: string): { readonly major: number; readonly minor: number } {
  const status = stat(path);
  if (status === undefined) {
    throw new OcicatError("not-found", {
      operation: "limit",
      subject: `the device ${quote(path)}`,
      reason: "no such file or directory",
    });
  }
  return status.specialDevice;
}

/** Whether it asks for what cgroups of version 1 alone have: first-version-limits.ts. */
export function needsFirstVersion(limits: RunLimits): boolean {
  const { swappiness, realtimePeriod, realtimeRuntime, waitsForMemory } = limits;
  return waitsForMemory === true || (swappiness ?? realtimePeriod ?? realtimeRuntime) !== undefined;
}
