// Reads what a container's cgroup was set to, on the host, under cgroup v1 or v2.

import { existsSync, readFileSync } from "node:fs";

type Limit = { readonly controller: string; readonly v1: string; readonly v2: string };

const LIMITS = {
  memory: { controller: "memory", v1: "memory.limit_in_bytes", v2: "memory.max" },
  pids: { controller: "pids", v1: "pids.max", v2: "pids.max" },
} as const satisfies Record<string, Limit>;

/** The limit that holds for a process, as the kernel prints it. */
export function limitOf(pid: number, limit: keyof typeof LIMITS): string {
  const { controller, v1, v2 } = LIMITS[limit];
  const paths = cgroupPaths(pid);
  const own = paths.get(controller);
  const file =
    own === undefined
      ? `/sys/fs/cgroup${paths.get("")}/${v2}`
      : `/sys/fs/cgroup/${controller}${own}/${v1}`;
  return readFileSync(file, "utf8").trim();
}

/** The quota of processor time in whole processors: quota / period. */
export function processorsOf(pid: number): number {
  const paths = cgroupPaths(pid);
  const own = paths.get("cpu");
  if (own === undefined) {
    const [quota, period] = readFileSync(`/sys/fs/cgroup${paths.get("")}/cpu.max`, "utf8").split(
      " ",
    );
    return Number(quota) / Number(period);
  }
  const folder = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"].find((path) =>
    existsSync(path),
  );
  const read = (name: string) => Number(readFileSync(`${folder}${own}/${name}`, "utf8"));
  return read("cpu.cfs_quota_us") / read("cpu.cfs_period_us");
}

/** Cgroup path by controller; the v2 tree's under "". */
function cgroupPaths(pid: number): Map<string, string> {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, controllers = "", path = ""] = line.split(":");
      return controllers.split(",").map((name): [string, string] => [name, path]);
    }),
  );
}
