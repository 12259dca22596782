// --ns of ps: the namespaces of containers that run, by their inodes, as podman shows them.

import { AT_FDCWD } from "../../abi/file.ts";
import type { ContainerStatus } from "../../engine/containers/container-status.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { readLinkAt } from "../../sys/file.ts";
import type { Row } from "../terminal/list-format.ts";

/** By their columns: the names that /proc/PID/ns has for them. */
const NAMESPACES = {
  Cgroup: "cgroup",
  IPC: "ipc",
  MNT: "mnt",
  NET: "net",
  PIDNS: "pid",
  USERNS: "user",
  UTS: "uts",
} as const;

export const NAMESPACE_COLUMNS = ["ID", "Names", "Pid", ...Object.keys(NAMESPACES)]
  .map((name) => `{{.${name}}}`)
  .join("\\t");

export const NAMESPACE_HEADS = {
  Pid: "PID",
  Cgroup: "CGROUPNS",
  IPC: "IPC",
  MNT: "MNT",
  NET: "NET",
  PIDNS: "PIDNS",
  USERNS: "USERNS",
  UTS: "UTS",
};

/** They are read for a list that shows them alone. */
export function hasNamespace(template: string): boolean {
  return Object.keys(NAMESPACES).some((name) => template.includes(`.${name}`));
}

export function namespaceCells(status: ContainerStatus): Row {
  const pid = pidOf(status);
  const inodeOf = (name: string): string => {
    return /\[(\d+)\]/.exec(pid === 0 ? "" : linkOf(`/proc/${pid}/ns/${name}`))?.[1] ?? "";
  };
  const cells = Object.entries(NAMESPACES).map(([column, name]) => [column, inodeOf(name)]);
  return Object.fromEntries(cells);
}

/** 0: it does not run. */
export function pidOf(status: ContainerStatus): number {
  return "pid" in status ? status.pid : 0;
}

/** Empty where the process has just ended. */
function linkOf(path: string): string {
  try {
    return readLinkAt(AT_FDCWD, path);
  } catch (error) {
    return unlessMissing(error) ?? "";
  }
}
