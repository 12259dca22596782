// stats: what containers use, measured between two moments.

import { BLKIO_TABLES, type ContainerStats, type Count } from "../../cgroup/stats-types.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { statsOf } from "../../runtime/events.ts";
import { readTextFileIfExists } from "../../sys/file.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { listContainers } from "./list-containers.ts";
import { processMembers, processUsage } from "./process-members.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

export interface ContainerUsage {
  readonly id: string;
  readonly name: string;
  /** Undefined: it does not run. */
  readonly used: Usage | undefined;
}

export interface Usage {
  /** Processors at work in the time between: 1.5. */
  readonly cpus: number;
  /** Bytes, without what the kernel can drop at once. */
  readonly memory: number;
  /** The machine's, where it is lower than the container's. */
  readonly memoryLimit: number;
  /** Bytes of all interfaces but loopback; 0 in the host's network. */
  readonly received: number;
  readonly sent: number;
  /** Bytes from and to block devices. */
  readonly read: number;
  readonly written: number;
  readonly processes: number;
}

export interface UsageOptions extends SurroundingsOptions {
  /** Names or ids; none: those that run, whichever these are at each moment. */
  readonly words: readonly string[];
  /** Without `words`: those too that do not run. */
  readonly all: boolean;
  readonly intervalMs: number;
}

/** Yields the usage of the last interval, again and again. Throws "not-found" for an unknown word. */
export async function* watchUsage(
  options: UsageOptions,
): AsyncGenerator<readonly ContainerUsage[], never> {
  let before = await takeSamples(options);
  for (;;) {
    await Bun.sleep(options.intervalMs);
    const now = await takeSamples(options);
    yield [...now].map(([id, { name, sample }]) => ({
      id,
      name,
      used: sample === undefined ? undefined : usageBetween(before.get(id)?.sample, sample),
    }));
    before = now;
  }
}

interface Sample {
  readonly atMs: number;
  /** Nanoseconds since the container's start. */
  readonly cpu: number;
  readonly rest: Omit<Usage, "cpus">;
}

type Samples = ReadonlyMap<string, { readonly name: string; readonly sample: Sample | undefined }>;

async function takeSamples(options: UsageOptions): Promise<Samples> {
  const { storeRoot } = await readSurroundings(options);
  const words =
    options.words.length > 0
      ? options.words
      : (await listContainers({ ...options, all: options.all })).map(({ record }) => record.id);
  const samples = new Map<string, { name: string; sample: Sample | undefined }>();
  for (const word of words) {
    try {
      using container = await openContainer(word, { ...options, storeRoot });
      const { id, name } = container.record;
      samples.set(id, { name, sample: sampleOf(container) });
    } catch (error) {
      // One of a list may have been removed meanwhile.
      const isGone = error instanceof OcicatError && error.code === "not-found";
      if (!isGone || options.words.length > 0) {
        throw error;
      }
    }
  }
  return samples;
}

function sampleOf(container: StoredContainer): Sample | undefined {
  const status = container.status();
  if (status.kind !== "running" && status.kind !== "paused") {
    return undefined;
  }
  const stats = tryReadStats(container);
  if (stats === undefined) {
    return undefined;
  }
  const isShared = container.record.options.network === "host";
  const counted = hasCgroup(stats)
    ? undefined
    : processUsage(processMembers(container, status.pid));
  const { memory, memoryLimit } = memoryOf(stats, machineMemory());
  return {
    atMs: performance.now(),
    cpu: counted?.cpu ?? numberOf(stats.cpu.usage.total),
    rest: {
      memory: counted?.memory ?? memory,
      memoryLimit,
      ...(isShared ? { received: 0, sent: 0 } : networkOf(status.pid)),
      ...blockDevicesOf(stats),
      processes: counted?.processes ?? numberOf(stats.pids.current),
    },
  };
}

/** What runs has processes and memory: where nothing is counted, nobody counts. */
function hasCgroup({ pids, memory }: ContainerStats): boolean {
  return pids.current !== undefined || numberOf(memory.usage.usage) > 0;
}

/** Undefined: it has ended in this moment. */
function tryReadStats({ address }: StoredContainer): ContainerStats | undefined {
  try {
    return statsOf(address);
  } catch (error) {
    const isOver =
      error instanceof OcicatError && (error.code === "not-found" || error.code === "wrong-state");
    if (!isOver) {
      throw error;
    }
    return undefined;
  }
}

const NANOSECONDS_PER_MS = 1e6;

function usageBetween(before: Sample | undefined, { atMs, cpu, rest }: Sample): Usage {
  const spent = before === undefined ? 0 : Math.max(0, cpu - before.cpu);
  const passed = before === undefined ? 1 : Math.max(1, atMs - before.atMs);
  return { cpus: spent / (passed * NANOSECONDS_PER_MS), ...rest };
}

function numberOf(count: Count | undefined): number {
  return Number(count ?? 0);
}

/** As docker counts: files that nobody uses are not the container's. */
export function memoryOf(
  { memory: { usage, raw = {} } }: Pick<ContainerStats, "memory">,
  machine: number,
): Pick<Usage, "memory" | "memoryLimit"> {
  const used = numberOf(usage.usage);
  const inactive = numberOf(raw["total_inactive_file"] ?? raw["inactive_file"]);
  const limit = numberOf(usage.limit);
  return {
    memory: inactive < used ? used - inactive : used,
    memoryLimit: limit === 0 ? machine : Math.min(limit, machine),
  };
}

function machineMemory(): number {
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(readTextFileIfExists("/proc/meminfo") ?? "");
  return Number(total?.[1] ?? 0) * 1024;
}

function networkOf(pid: number): Pick<Usage, "received" | "sent"> {
  return parseInterfaces(readTextFileIfExists(`/proc/${pid}/net/dev`) ?? "");
}

const RECEIVED_FIELD = 0;
const SENT_FIELD = 8;

/** proc_pid_net(5): "  eth0: received-bytes ... sent-bytes ..." below two lines of heads. */
export function parseInterfaces(text: string): Pick<Usage, "received" | "sent"> {
  let received = 0;
  let sent = 0;
  for (const line of text.split("\n").slice(2)) {
    const [name = "", rest = ""] = line.split(":");
    const fields = rest.trim().split(/\s+/);
    if (name.trim() !== "lo" && rest !== "") {
      received += Number(fields[RECEIVED_FIELD]);
      sent += Number(fields[SENT_FIELD]);
    }
  }
  return { received, sent };
}

export function blockDevicesOf({
  blkio,
}: Pick<ContainerStats, "blkio">): Pick<Usage, "read" | "written"> {
  const [table] = BLKIO_TABLES;
  const entries = blkio[table] ?? [];
  const sum = (wanted: string): number =>
    entries
      .filter(({ op = "" }) => op.toLowerCase() === wanted)
      .reduce((total, { value }) => total + numberOf(value), 0);
  return { read: sum("read"), written: sum("write") };
}
