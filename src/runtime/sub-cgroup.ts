// Where an exec's process goes: into the container's cgroup, or one that is below it already.

import { joinFor } from "../cgroup/entry.ts";
import type { CgroupEntry, ContainerCgroup } from "../cgroup/types.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";

/** Relative to the container's: one path for all trees, or on cgroup v1 one by controller ("memory"). */
export type SubCgroup = string | Readonly<Record<string, string>>;

export function joinedCgroup(
  cgroup: ContainerCgroup,
  initPid: number,
  wanted: SubCgroup = "",
): CgroupEntry {
  const entry = joinFor(cgroup, initPid);
  if (wanted === "") {
    return entry;
  }
  if (typeof wanted !== "string") {
    return { ...entry, tasks: tasksByController(cgroup, entry, wanted) };
  }
  checkBelow(wanted);
  return {
    ...entry,
    into: entry.into.slice(0, 1).map((path) => `${path}/${wanted}`),
    tasks: entry.tasks.map((path) => path.replace(/\/tasks$/, `/${wanted}/tasks`)),
  };
}

function checkBelow(path: string): void {
  if (path.split("/").includes("..")) {
    throw refusal(path, "it is not below the container's cgroup");
  }
}

function refusal(path: string, reason: string): OcicatError {
  const subject = `the sub-cgroup ${quote(path)}`;
  return new OcicatError("invalid-argument", { operation: "enter", subject, reason });
}

/** Controllers that are mounted together have one directory: who names one of them names both. */
function tasksByController(
  cgroup: ContainerCgroup,
  { tasks }: CgroupEntry,
  wanted: Readonly<Record<string, string>>,
): string[] {
  const replaced = new Map<string, string>();
  for (const [controller, path] of Object.entries(wanted)) {
    checkBelow(path);
    const paths = cgroup.tree === "v1" ? cgroup.paths : {};
    const directory = Object.hasOwn(paths, controller) ? paths[controller] : undefined;
    if (directory === undefined) {
      const reason = `the container has no cgroup of a controller ${quote(controller)} alone`;
      throw refusal(`${controller}:${path}`, reason);
    }
    replaced.set(`${directory}/tasks`, `${directory}/${path}/tasks`);
  }
  return tasks.map((file) => replaced.get(file) ?? file);
}
