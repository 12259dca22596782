// Statistics of a container from the files of cgroup v2, in the units of cgroup v1.

import { parseKeyedLines, parseWords, readControlIfExists } from "./control-file.ts";
import { parseIoStat } from "./stats-blkio.ts";
import { readHugetlbStats } from "./stats-hugetlb.ts";
import {
  addCounts,
  type ContainerStats,
  type Count,
  emptyStats,
  type HugetlbStats,
  type MemoryEntry,
  type MemoryStats,
  NO_MEMORY,
  omitEmpty,
  type PressureData,
  type PressureStats,
  parseCount,
  readCountIfExists,
  readCounts,
  scaleCount,
  UNLIMITED,
} from "./stats-types.ts";
import { limitedPids } from "./stats-v1.ts";

const NANOSECONDS_PER_MICROSECOND = 1000;

export function readV2Stats(path: string): ContainerStats {
  return {
    ...emptyStats(),
    cpu: readCpu(path),
    memory: readMemory(path),
    pids: limitedPids(readCurrentPids(path), path),
    blkio: {
      ...parseIoStat(readControlIfExists(path, "io.stat") ?? ""),
      ...pressure(path, "io.pressure"),
    },
    hugetlb: readHugetlbStats(path, readHugetlb),
  };
}

function readCpu(path: string): ContainerStats["cpu"] {
  const counts = readCounts(path, "cpu.stat");
  const count = (key: string): Count => counts.get(key) ?? 0;
  const time = (key: string): Count => scaleCount(count(key), NANOSECONDS_PER_MICROSECOND);
  return {
    usage: {
      ...omitEmpty({ total: time("usage_usec") }),
      kernel: time("system_usec"),
      user: time("user_usec"),
    },
    throttling: omitEmpty({
      periods: count("nr_periods"),
      throttledPeriods: count("nr_throttled"),
      throttledTime: time("throttled_usec"),
    }),
    ...pressure(path, "cpu.pressure"),
  };
}

function readMemory(path: string): MemoryStats {
  const raw = Object.fromEntries(readCounts(path, "memory.stat"));
  const usage = readMemoryEntry(path, "memory");
  const swapAlone = readMemoryEntry(path, "memory.swap");
  return {
    ...omitEmpty({ cache: raw["file"] ?? 0 }),
    usage,
    swap: withMemory(swapAlone, usage),
    kernel: NO_MEMORY,
    kernelTCP: NO_MEMORY,
    raw,
    ...pressure(path, "memory.pressure"),
  };
}

function readMemoryEntry(path: string, prefix: string): MemoryEntry {
  const usage = readCountIfExists(path, `${prefix}.current`);
  if (usage === undefined) {
    return NO_MEMORY;
  }
  return {
    limit: readCountIfExists(path, `${prefix}.max`) ?? UNLIMITED,
    // memory.peak is there since Linux 5.19, memory.swap.peak since 6.5.
    ...omitEmpty({ usage, max: readCountIfExists(path, `${prefix}.peak`) ?? 0 }),
    failcnt: 0,
  };
}

/** Memory and swap together, as v1 counts; their greatest sum is not known. */
function withMemory(swap: MemoryEntry, memory: MemoryEntry): MemoryEntry {
  return {
    limit: addCounts(swap.limit, memory.limit),
    ...omitEmpty({ usage: addCounts(swap.usage ?? 0, memory.usage ?? 0) }),
    failcnt: 0,
  };
}

/** Without the controller, the processes are counted. */
function readCurrentPids(path: string): Count {
  const current = readCountIfExists(path, "pids.current");
  const list =
    current ??
    readControlIfExists(path, "cgroup.procs") ??
    readControlIfExists(path, "cgroup.threads") ??
    "";
  return typeof list === "string" ? parseWords(list).length : list;
}

function readHugetlb(path: string, pageSize: string, reserved: string): HugetlbStats | undefined {
  const prefix = `hugetlb.${pageSize}`;
  const usage = readCountIfExists(path, `${prefix}${reserved}.current`);
  if (usage === undefined) {
    return undefined;
  }
  const events = readCounts(path, `${prefix}.events`);
  return { ...omitEmpty({ usage }), failcnt: events.get("max") ?? 0 };
}

function pressure(path: string, file: string): { readonly psi?: PressureStats } {
  const text = readControlIfExists(path, file);
  return text === undefined ? {} : { psi: parsePressure(text) };
}

/** Lines "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full ...". */
export function parsePressure(text: string): PressureStats {
  const lines = parseKeyedLines(text);
  const some = lines.get("some");
  const full = lines.get("full");
  return {
    ...(some === undefined ? {} : { some: parsePressureLine(some) }),
    ...(full === undefined ? {} : { full: parsePressureLine(full) }),
  };
}

function parsePressureLine(line: string): PressureData {
  const values = new Map(line.split(" ").map((item) => splitOnce(item)));
  const average = (key: string): number => Number(values.get(key) ?? 0);
  return {
    avg10: average("avg10"),
    avg60: average("avg60"),
    avg300: average("avg300"),
    total: parseCount(values.get("total") ?? "0"),
  };
}

function splitOnce(item: string): [key: string, value: string] {
  const at = item.indexOf("=");
  return [item.slice(0, at), item.slice(at + 1)];
}
