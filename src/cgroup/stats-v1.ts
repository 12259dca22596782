// Statistics of a container from the files of cgroup v1.

import { readControlIfExists } from "./control-file.ts";
import { parseNumberList } from "./cpu-list.ts";
import { readV1Blkio } from "./stats-blkio.ts";
import { readHugetlbStats } from "./stats-hugetlb.ts";
import {
  type ContainerStats,
  type Count,
  type CpuStats,
  type CpusetStats,
  emptyStats,
  type MemoryEntry,
  type MemoryStats,
  NO_MEMORY,
  omitEmpty,
  parseCount,
  readCount,
  readCountIfExists,
  readCounts,
  scaleCount,
  UNLIMITED,
} from "./stats-types.ts";
import type { V1Cgroup } from "./types.ts";

/** The kernel counts cpuacct.stat in USER_HZ, which is 100 on every architecture of ours. */
const NANOSECONDS_PER_TICK = 10_000_000;

export function readV1Stats(paths: V1Cgroup["paths"]): ContainerStats {
  const empty = emptyStats();
  const { cpu, cpuacct, cpuset, memory, pids, blkio, hugetlb } = paths;
  return {
    ...empty,
    cpu: readCpu(cpu, cpuacct),
    cpuset: cpuset === undefined ? empty.cpuset : readCpuset(cpuset),
    memory: memory === undefined ? empty.memory : readMemory(memory),
    pids: pids === undefined ? {} : readPids(pids),
    blkio: blkio === undefined ? {} : readV1Blkio(blkio),
    hugetlb: hugetlb === undefined ? {} : readHugetlbStats(hugetlb, readV1Hugetlb),
  };
}

function readCpu(cpu: string | undefined, cpuacct: string | undefined): CpuStats {
  const throttled = cpu === undefined ? new Map<string, Count>() : readCounts(cpu, "cpu.stat");
  const throttling = omitEmpty({
    periods: throttled.get("nr_periods") ?? 0,
    throttledPeriods: throttled.get("nr_throttled") ?? 0,
    throttledTime: throttled.get("throttled_time") ?? 0,
  });
  if (cpuacct === undefined) {
    return { usage: { kernel: 0, user: 0 }, throttling };
  }
  const ticks = readCounts(cpuacct, "cpuacct.stat");
  const perCpu = readControlIfExists(cpuacct, "cpuacct.usage_percpu") ?? "";
  // A head line, then "cpu user system" for each.
  const all = (readControlIfExists(cpuacct, "cpuacct.usage_all") ?? "").split("\n").slice(1);
  const rows = all.map((line) => line.split(" ")).filter((row) => row.length >= 3);
  return {
    usage: {
      ...omitEmpty({
        total: readCount(cpuacct, "cpuacct.usage"),
        percpu: perCpu.trim().split(/\s+/).map(parseCount),
        percpu_kernel: rows.map(([, , system = ""]) => parseCount(system)),
        percpu_user: rows.map(([, user = ""]) => parseCount(user)),
      }),
      kernel: scaleCount(ticks.get("system") ?? 0, NANOSECONDS_PER_TICK),
      user: scaleCount(ticks.get("user") ?? 0, NANOSECONDS_PER_TICK),
    },
    throttling,
  };
}

function readCpuset(path: string): CpusetStats {
  const list = (file: string): readonly number[] =>
    parseNumberList(readControlIfExists(path, `cpuset.${file}`) ?? "") ?? [];
  const count = (file: string): Count => readCountIfExists(path, `cpuset.${file}`) ?? 0;
  const level = readControlIfExists(path, "cpuset.sched_relax_domain_level") ?? "0";
  return {
    ...omitEmpty({ cpus: list("cpus"), mems: list("mems") }),
    cpu_exclusive: count("cpu_exclusive"),
    mem_hardwall: count("mem_hardwall"),
    mem_exclusive: count("mem_exclusive"),
    memory_migrate: count("memory_migrate"),
    memory_spread_page: count("memory_spread_page"),
    memory_spread_slab: count("memory_spread_slab"),
    memory_pressure: count("memory_pressure"),
    sched_load_balance: count("sched_load_balance"),
    // -1: the system's default.
    sched_relax_domain_level: Number(level),
  };
}

function readMemory(path: string): MemoryStats {
  const raw = Object.fromEntries(readCounts(path, "memory.stat"));
  return {
    ...omitEmpty({ cache: raw["cache"] ?? 0 }),
    usage: readMemoryEntry(path, "memory"),
    swap: readMemoryEntry(path, "memory.memsw"),
    kernel: readMemoryEntry(path, "memory.kmem"),
    kernelTCP: readMemoryEntry(path, "memory.kmem.tcp"),
    raw,
  };
}

/** Kernels without swap accounting or kernel limits lack some of the files. */
function readMemoryEntry(path: string, prefix: string): MemoryEntry {
  const usage = readCountIfExists(path, `${prefix}.usage_in_bytes`);
  if (usage === undefined) {
    return NO_MEMORY;
  }
  return {
    limit: readCountIfExists(path, `${prefix}.limit_in_bytes`) ?? 0,
    ...omitEmpty({ usage, max: readCountIfExists(path, `${prefix}.max_usage_in_bytes`) ?? 0 }),
    failcnt: readCountIfExists(path, `${prefix}.failcnt`) ?? 0,
  };
}

function readPids(path: string): ContainerStats["pids"] {
  return limitedPids(readCountIfExists(path, "pids.current") ?? 0, path);
}

/** "No limit" of pids is 0, unlike everywhere else. */
export function limitedPids(current: Count, path: string): ContainerStats["pids"] {
  const limit = readCountIfExists(path, "pids.max") ?? 0;
  return omitEmpty({ current, limit: limit === UNLIMITED ? 0 : limit });
}

function readV1Hugetlb(path: string, pageSize: string, reserved: string) {
  const prefix = `hugetlb.${pageSize}${reserved}`;
  const usage = readCountIfExists(path, `${prefix}.usage_in_bytes`);
  if (usage === undefined) {
    return undefined;
  }
  return {
    ...omitEmpty({ usage, max: readCountIfExists(path, `${prefix}.max_usage_in_bytes`) ?? 0 }),
    failcnt: readCountIfExists(path, `${prefix}.failcnt`) ?? 0,
  };
}
