// What a container leaves in memory besides itself: the proportional set size (PSS) of the processes
// that were started in a mount namespace of their own, and are not in the container's pid namespace.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Leftover {
  readonly command: string;
  readonly pssKilobytes: number;
}

/** `mountNamespace` as /proc/PID/ns/mnt names it. */
export function listLeftovers(mountNamespace: string): Leftover[] {
  const pidNamespace = readlinkSync("/proc/self/ns/pid");
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const leftover = look(pid, { mnt: mountNamespace.trim(), pid: pidNamespace });
    return leftover === undefined ? [] : [leftover];
  });
}

function look(
  pid: string,
  wanted: { readonly mnt: string; readonly pid: string },
): Leftover | undefined {
  try {
    const isElsewhere =
      readlinkSync(`/proc/${pid}/ns/mnt`) !== wanted.mnt ||
      readlinkSync(`/proc/${pid}/ns/pid`) !== wanted.pid;
    if (isElsewhere) {
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
