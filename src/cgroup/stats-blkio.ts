// Statistics of block devices. cgroup v1 has them in files that depend on the kernel's scheduler; v2
// in io.stat, which is put into the same tables.

import { readControlIfExists } from "./control-file.ts";
import {
  type BlkioEntry,
  type BlkioStats,
  type BlkioTable,
  type Count,
  omitEmpty,
  parseCount,
} from "./stats-types.ts";

type FileOfTable = readonly [table: BlkioTable, file: string];

/** All tables, as the schedulers with debugging (BFQ) or of old (CFQ) count them. */
function schedulerFiles(prefix: string): readonly FileOfTable[] {
  return [
    ["sectorsRecursive", `${prefix}.sectors_recursive`],
    ["ioServiceTimeRecursive", `${prefix}.io_service_time_recursive`],
    ["ioWaitTimeRecursive", `${prefix}.io_wait_time_recursive`],
    ["ioMergedRecursive", `${prefix}.io_merged_recursive`],
    ["ioQueueRecursive", `${prefix}.io_queued_recursive`],
    ["ioTimeRecursive", `${prefix}.time_recursive`],
    ...servicedFiles(prefix, "_recursive"),
  ];
}

function servicedFiles(prefix: string, suffix: string): readonly FileOfTable[] {
  return [
    ["ioServicedRecursive", `${prefix}.io_serviced${suffix}`],
    ["ioServiceBytesRecursive", `${prefix}.io_service_bytes${suffix}`],
  ];
}

/** The best source first; the first whose first file has entries is taken. */
const SOURCES: readonly (readonly FileOfTable[])[] = [
  schedulerFiles("blkio.bfq"),
  servicedFiles("blkio.bfq", "_recursive"),
  schedulerFiles("blkio"),
  servicedFiles("blkio.throttle", "_recursive"),
  servicedFiles("blkio.throttle", ""),
];

export function readV1Blkio(path: string): BlkioStats {
  for (const source of SOURCES) {
    const [first] = source;
    if (first !== undefined && readTable(path, first[1]).length > 0) {
      return Object.fromEntries(source.map(([table, file]) => [table, readTable(path, file)]));
    }
  }
  return {};
}

/** Lines "8:0 Read 1282048" or "8:0 6792"; sums over all devices are left out. */
function readTable(path: string, file: string): BlkioEntry[] {
  const text = readControlIfExists(path, file) ?? "";
  return text.split("\n").flatMap((line) => {
    const match = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line);
    if (match === null) {
      return [];
    }
    const [, major, minor, op = "", value = "0"] = match;
    return [entry({ major: Number(major), minor: Number(minor), op, value: parseCount(value) })];
  });
}

function entry(fields: { major: number; minor: number; op: string; value: Count }): BlkioEntry {
  return omitEmpty(fields);
}

const V2_TABLES: Readonly<Record<string, readonly [table: BlkioTable, op: string]>> = {
  rbytes: ["ioServiceBytesRecursive", "Read"],
  wbytes: ["ioServiceBytesRecursive", "Write"],
  rios: ["ioServicedRecursive", "Read"],
  wios: ["ioServicedRecursive", "Write"],
};

/** io.stat: lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0". */
export function parseIoStat(text: string): BlkioStats {
  const tables = new Map<BlkioTable, BlkioEntry[]>();
  for (const line of text.split("\n")) {
    const [device = "", ...items] = line.split(" ");
    const [, major, minor] = /^(\d+):(\d+)$/.exec(device) ?? [];
    for (const item of major === undefined ? [] : items) {
      const [key = "", value = ""] = item.split("=", 2);
      const known = V2_TABLES[key];
      if (known !== undefined) {
        const [table, op] = known;
        const numbers = { major: Number(major), minor: Number(minor) };
        const added = entry({ ...numbers, op, value: parseCount(value) });
        tables.set(table, [...(tables.get(table) ?? []), added]);
      }
    }
  }
  return Object.fromEntries(tables);
}
