// The processes of a container. Those of an ordinary user often have no cgroup to be counted by: they are
// found in their process namespace, and what they use is added up from what /proc tells of each.

import { O_RDONLY } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { processesOf } from "../../runtime/ps.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, readTextFileIfExists, stat } from "../../sys/file.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Pids as the host sees them, ascending. */
export function processMembers({ address, record }: StoredContainer, pid: number): number[] {
  const counted = processesOf(address);
  if (counted.length > 0) {
    return counted;
  }
  const { pid: mode = "private" } = record.options.namespaces ?? {};
  return mode === "private" ? membersOfNamespace(pid) : [pid];
}

function membersOfNamespace(pid: number): number[] {
  const wanted = processNamespace(pid);
  const flags = O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY;
  using proc = new OwnedFd(open("/proc", flags));
  return readDirectoryAt(proc.number, ".")
    .map(({ name }) => Number(name))
    .filter((each) => each > 0 && wanted !== undefined && processNamespace(each) === wanted)
    .sort((a, b) => a - b);
}

/** Undefined: the process has ended, or is another user's. */
function processNamespace(pid: number): number | undefined {
  return orUndefined(() => stat(`/proc/${pid}/ns/pid`)?.inode);
}

export interface ProcessUsage {
  /** Nanoseconds. */
  readonly cpu: number;
  /** Bytes in memory; what processes share counts for each. */
  readonly memory: number;
  readonly processes: number;
}

/** Without those that end meanwhile. */
export function processUsage(pids: readonly number[]): ProcessUsage {
  const usages = pids.flatMap((pid) => usageOf(pid) ?? []);
  const sum = (field: "cpu" | "memory"): number =>
    usages.reduce((total, usage) => total + usage[field], 0);
  return { cpu: sum("cpu"), memory: sum("memory"), processes: usages.length };
}

/** USER_HZ is 100 on every machine that ocicat runs on. */
const NANOSECONDS_PER_TICK = 10_000_000;
/** Of the fields behind the name in /proc/PID/stat. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

function usageOf(pid: number): Pick<ProcessUsage, "cpu" | "memory"> | undefined {
  const text = orUndefined(() => readTextFileIfExists(`/proc/${pid}/stat`));
  const status = orUndefined(() => readTextFileIfExists(`/proc/${pid}/status`));
  if (text === undefined || status === undefined) {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return { cpu: ticks * NANOSECONDS_PER_TICK, memory: Number(kilobytes) * 1024 };
}

function orUndefined<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}
