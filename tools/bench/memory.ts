// What a detached container leaves in memory besides the container itself: proportional set size
// (PSS) of the processes that are new and are in the host's pid namespace.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Leftover {
  readonly command: string;
  readonly pssKilobytes: number;
}

export function listProcesses(): Set<number> {
  return new Set(readdirSync("/proc").map(Number).filter(Number.isInteger));
}

/** The processes that were not in `before`, are not the container's, and share our pid namespace. */
export function leftoversSince(before: ReadonlySet<number>): Leftover[] {
  const own = readlinkSync("/proc/self/ns/pid");
  return [...listProcesses()].flatMap((pid) => {
    if (before.has(pid) || pid === process.pid) {
      return [];
    }
    const leftover = look(pid, own);
    return leftover === undefined ? [] : [leftover];
  });
}

function look(pid: number, ownNamespace: string): Leftover | undefined {
  try {
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== ownNamespace) {
      return undefined;
    }
    const command = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    const pssKilobytes = parsePss(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
    return pssKilobytes === undefined ? undefined : { command, pssKilobytes };
  } catch {
    // It ended, or it is a thread of the kernel.
    return undefined;
  }
}

/** From a line `Pss:     28 kB` of smaps_rollup. */
export function parsePss(rollup: string): number | undefined {
  const match = /^Pss:\s+(\d+) kB$/m.exec(rollup);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
