// Statistics of huge pages: one set for each size that the kernel has.

import { AT_FDCWD } from "../abi/file.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { stat } from "../sys/file.ts";
import type { HugetlbStats } from "./stats-types.ts";

const SIZES_DIRECTORY = "/sys/kernel/mm/hugepages";
const KB_PER_MB = 1024;
const KB_PER_GB = 1024 * 1024;

/** `reserved` is ".rsvd", or "" for kernels before 5.7. Undefined: there are no such files. */
type ReadOne = (path: string, pageSize: string, reserved: string) => HugetlbStats | undefined;

export function readHugetlbStats(path: string, readOne: ReadOne): Record<string, HugetlbStats> {
  const all: Record<string, HugetlbStats> = {};
  for (const pageSize of hugePageSizes()) {
    const stats = readOne(path, pageSize, ".rsvd") ?? readOne(path, pageSize, "");
    if (stats !== undefined) {
      all[pageSize] = stats;
    }
  }
  return all;
}

function hugePageSizes(): string[] {
  if (stat(SIZES_DIRECTORY) === undefined) {
    return [];
  }
  const entries = readDirectoryAt(AT_FDCWD, SIZES_DIRECTORY);
  return entries.map(({ name }) => pageSizeName(name)).filter((size) => size !== undefined);
}

/** "2MB" for "hugepages-2048kB": as the files of the controller spell it. */
export function pageSizeName(directory: string): string | undefined {
  const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(directory)?.[1] ?? Number.NaN);
  if (Number.isNaN(kilobytes)) {
    return undefined;
  }
  if (kilobytes >= KB_PER_GB) {
    return `${Math.floor(kilobytes / KB_PER_GB)}GB`;
  }
  return kilobytes >= KB_PER_MB ? `${Math.floor(kilobytes / KB_PER_MB)}MB` : `${kilobytes}KB`;
}
