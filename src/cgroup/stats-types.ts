// The shape of runc's statistics (its types/events.go), and the parsing of single values.

import { parseKeyedLines, readControl, readControlIfExists } from "./control-file.ts";

export type Count = number | bigint;

export interface ContainerStats {
  readonly cpu: CpuStats;
  readonly cpuset: CpusetStats;
  readonly memory: MemoryStats;
  readonly pids: { readonly current?: Count; readonly limit?: Count };
  readonly blkio: BlkioStats;
  /** By page size: "2MB". */
  readonly hugetlb: Readonly<Record<string, HugetlbStats>>;
  readonly intel_rdt: Readonly<Record<string, never>>;
  /** Only runc's own networks would be here; there are none. */
  readonly network_interfaces: null;
}

/** Nanoseconds. */
export interface CpuStats {
  readonly usage: {
    readonly total?: Count;
    readonly percpu?: readonly Count[];
    readonly percpu_kernel?: readonly Count[];
    readonly percpu_user?: readonly Count[];
    readonly kernel: Count;
    readonly user: Count;
  };
  readonly throttling: {
    readonly periods?: Count;
    readonly throttledPeriods?: Count;
    readonly throttledTime?: Count;
  };
  readonly psi?: PressureStats;
}

export interface CpusetStats {
  readonly cpus?: readonly number[];
  readonly cpu_exclusive: Count;
  readonly mems?: readonly number[];
  readonly mem_hardwall: Count;
  readonly mem_exclusive: Count;
  readonly memory_migrate: Count;
  readonly memory_spread_page: Count;
  readonly memory_spread_slab: Count;
  readonly memory_pressure: Count;
  readonly sched_load_balance: Count;
  readonly sched_relax_domain_level: Count;
}

/** Bytes. */
export interface MemoryEntry {
  readonly limit: Count;
  readonly usage?: Count;
  readonly max?: Count;
  readonly failcnt: Count;
}

export interface MemoryStats {
  readonly cache?: Count;
  readonly usage: MemoryEntry;
  readonly swap: MemoryEntry;
  readonly kernel: MemoryEntry;
  readonly kernelTCP: MemoryEntry;
  /** memory.stat as it is. */
  readonly raw?: Readonly<Record<string, Count>>;
  readonly psi?: PressureStats;
}

export interface BlkioEntry {
  readonly major?: number;
  readonly minor?: number;
  readonly op?: string;
  readonly value?: Count;
}

export const BLKIO_TABLES = [
  "ioServiceBytesRecursive",
  "ioServicedRecursive",
  "ioQueueRecursive",
  "ioServiceTimeRecursive",
  "ioWaitTimeRecursive",
  "ioMergedRecursive",
  "ioTimeRecursive",
  "sectorsRecursive",
] as const;
export type BlkioTable = (typeof BLKIO_TABLES)[number];

export type BlkioStats = { readonly [Table in BlkioTable]?: readonly BlkioEntry[] } & {
  readonly psi?: PressureStats;
};

export interface HugetlbStats {
  readonly usage?: Count;
  readonly max?: Count;
  readonly failcnt: Count;
}

export interface PressureData {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: Count;
}

export interface PressureStats {
  readonly some?: PressureData;
  readonly full?: PressureData;
}

export const NO_MEMORY: MemoryEntry = { limit: 0, failcnt: 0 };

export const NO_CPUSET: CpusetStats = {
  cpu_exclusive: 0,
  mem_hardwall: 0,
  mem_exclusive: 0,
  memory_migrate: 0,
  memory_spread_page: 0,
  memory_spread_slab: 0,
  memory_pressure: 0,
  sched_load_balance: 0,
  sched_relax_domain_level: 0,
};

export function emptyStats(): ContainerStats {
  return {
    cpu: { usage: { kernel: 0, user: 0 }, throttling: {} },
    cpuset: NO_CPUSET,
    memory: { usage: NO_MEMORY, swap: NO_MEMORY, kernel: NO_MEMORY, kernelTCP: NO_MEMORY },
    pids: {},
    blkio: {},
    hugetlb: {},
    intel_rdt: {},
    network_interfaces: null,
  };
}

/** What "max" counts as: 2^64 - 1. */
export const UNLIMITED: Count = 0xffff_ffff_ffff_ffffn;

/** A decimal number or "max". Anything else, and a negative number, is 0. */
export function parseCount(text: string): Count {
  const trimmed = text.trim();
  if (trimmed === "max") {
    return UNLIMITED;
  }
  if (!/^\d{1,20}$/.test(trimmed)) {
    return 0;
  }
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? value : BigInt(trimmed);
}

export function addCounts(one: Count, other: Count): Count {
  if (one === UNLIMITED || other === UNLIMITED) {
    return UNLIMITED;
  }
  const sum = BigInt(one) + BigInt(other);
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum;
}

export function scaleCount(count: Count, factor: number): Count {
  const product = BigInt(count) * BigInt(factor);
  return product <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(product) : product;
}

/** Leaves out what Go's "omitempty" does: 0, "" and empty lists. */
export function omitEmpty<Fields extends object>(fields: Fields): Partial<Fields> {
  const kept: Partial<Fields> = { ...fields };
  for (const key of keysOf(fields)) {
    const value = fields[key];
    const isEmpty = value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
    if (isEmpty || value === undefined) {
      delete kept[key];
    }
  }
  return kept;
}

function keysOf<Fields extends object>(fields: Fields): (keyof Fields)[] {
  const keys: (keyof Fields)[] = [];
  for (const key in fields) {
    keys.push(key);
  }
  return keys;
}

export function readCount(directory: string, file: string): Count {
  return parseCount(readControl(directory, file));
}

export function readCountIfExists(directory: string, file: string): Count | undefined {
  const text = readControlIfExists(directory, file);
  return text === undefined ? undefined : parseCount(text);
}

/** A flat keyed file; without entries where it is not there. */
export function readCounts(directory: string, file: string): ReadonlyMap<string, Count> {
  const lines = parseKeyedLines(readControlIfExists(directory, file) ?? "");
  return new Map([...lines].map(([key, value]) => [key, parseCount(value)]));
}
