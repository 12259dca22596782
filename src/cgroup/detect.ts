// Which cgroup trees the host has and where they are mounted.

import { CGROUP2_SUPER_MAGIC } from "../abi/file.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { readTextFile } from "../sys/file.ts";
import { tryFileSystemType } from "../sys/file-system-type.ts";
import type { CgroupHost, Hierarchy } from "./types.ts";

const USUAL_MOUNT_POINT = "/sys/fs/cgroup";

/** Mount options of cgroup v1 that are no controllers. */
const FLAG_OPTIONS = new Set(["rw", "ro", "xattr", "noprefix", "clone_children", "none"]);

let detected: CgroupHost | undefined;

/**
 * The cgroup trees of this process's mount namespace, read once. On a v2 host this is one statfs:
 * mountinfo, which grows with every container of the host, stays unread.
 */
export function detectCgroupHost(): CgroupHost {
  detected ??=
    tryFileSystemType(USUAL_MOUNT_POINT) === CGROUP2_SUPER_MAGIC
      ? {
          layout: "v2",
          hierarchies: [],
          unified: { mountPoint: USUAL_MOUNT_POINT, root: "/" },
        }
      : parseCgroupMounts(readTextFile("/proc/self/mountinfo"));
  return detected;
}

interface CgroupMount {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  readonly root: string;
  readonly options: readonly string[];
}

/**
 * The trees that a /proc/PID/mountinfo lists. A line of it (proc_pid_mountinfo(5)):
 *
 *   31 23 0:30 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
 *   id parent device root mount-point options tags...    - type source super-options
 */
export function parseCgroupMounts(mountinfo: string): CgroupHost {
  const mounts = mountinfo.split("\n").flatMap(parseCgroupMount);
  const hierarchies = new Map<string, Hierarchy>();
  for (const { version, mountPoint, root, options } of mounts) {
    const controllers = options.filter(isController);
    const key = controllers.join(",");
    if (version === 1 && key !== "" && !hierarchies.has(key)) {
      hierarchies.set(key, { mountPoint, root, controllers });
    }
  }
  const unified = mounts.find(({ version }) => version === 2);
  if (unified === undefined && hierarchies.size === 0) {
    throw new OcicatError("unsupported", {
      operation: "find",
      subject: "the host's cgroups",
      reason: "no cgroup file system is mounted",
      hint: `mount one: mount -t cgroup2 cgroup2 ${USUAL_MOUNT_POINT}`,
    });
  }
  const v1 = [...hierarchies.values()];
  if (unified === undefined) {
    return { layout: "v1", hierarchies: v1 };
  }
  const { mountPoint, root } = unified;
  const layout = v1.length === 0 ? "v2" : "hybrid";
  return { layout, hierarchies: v1, unified: { mountPoint, root } };
}

function isController(option: string): boolean {
  return !FLAG_OPTIONS.has(option) && (option.startsWith("name=") || !option.includes("="));
}

function parseCgroupMount(line: string): CgroupMount[] {
  const separator = line.indexOf(" - cgroup");
  if (separator < 0) {
    return [];
  }
  const [type, , options = ""] = line.slice(separator + 3).split(" ");
  const [, , , root = "/", mountPoint = ""] = line.split(" ", 5);
  if ((type !== "cgroup" && type !== "cgroup2") || mountPoint === "") {
    return [];
  }
  return [
    {
      version: type === "cgroup" ? 1 : 2,
      mountPoint: unescapePath(mountPoint),
      root: unescapePath(root),
      options: options.split(","),
    },
  ];
}

/** mountinfo writes space, tab, newline and backslash as three octal digits. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
