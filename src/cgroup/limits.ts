// Writing the limits of a container to the files of its cgroup.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import type { MemoryResources, Resources } from "../oci/resources.ts";
import { parseWords, readControlIfExists, tryWriteControl } from "./control-file.ts";
import { decimal, type LimitWrite, placeOf } from "./limit-write.ts";
import { v1LimitWrites } from "./limits-v1.ts";
import { v2LimitWrites } from "./limits-v2.ts";
import { NO_CGROUP_HINT } from "./no-cgroup-hint.ts";
import { parentPath } from "./path-names.ts";
import type { V1Cgroup, V2Cgroup } from "./types.ts";

/** All limits but the devices. */
export function writeLimits(cgroup: V1Cgroup | V2Cgroup, resources: Resources): void {
  const writes = cgroup.tree === "v1" ? v1LimitWrites(resources) : v2LimitWrites(resources);
  const later: LimitWrite[] = [];
  for (const write of writes) {
    const errno = writeLimit(cgroup, write);
    if (errno === Errno.EINVAL && write.again === true) {
      later.push(write);
    } else if (errno !== 0) {
      throw limitError(cgroup, write, errno);
    }
  }
  for (const write of later) {
    const errno = writeLimit(cgroup, write);
    if (errno !== 0) {
      throw limitError(cgroup, write, errno);
    }
  }
}

/** Undefined where the container has no cgroup of this controller. */
function directoryFor(cgroup: V1Cgroup | V2Cgroup, controller: string): string | undefined {
  return cgroup.tree === "v2" ? cgroup.path : cgroup.paths[controller];
}

/** 0 or an errno. */
function writeLimit(cgroup: V1Cgroup | V2Cgroup, write: LimitWrite): number {
  const directory = directoryFor(cgroup, write.controller);
  if (directory === undefined) {
    throw missingController(cgroup, write);
  }
  let result = tryWriteControl(directory, write.file, write.value);
  if (result === -Errno.ENOENT && write.otherwise !== undefined) {
    result = tryWriteControl(directory, write.otherwise.file, write.otherwise.value);
  }
  return write.ignored?.includes(-result) === true ? 0 : -result;
}

function missingController(cgroup: V1Cgroup | V2Cgroup, write: LimitWrite): OcicatError {
  const { controller, source, value } = write;
  const subject = `${source} to ${quote(value)}`;
  const reason = cgroup.rootless
    ? `cannot set ${controller} limit: container could not join or create cgroup`
    : `this host has no cgroup v1 controller ${quote(controller)}`;
  return new OcicatError(cgroup.rootless ? "permission-denied" : "unsupported", {
    operation: "set",
    subject,
    reason,
    ...(cgroup.rootless ? { hint: NO_CGROUP_HINT } : {}),
  });
}

function limitError(cgroup: V1Cgroup | V2Cgroup, write: LimitWrite, errno: number): OcicatError {
  const directory = directoryFor(cgroup, write.controller) ?? "";
  const subject = `${write.source} to ${quote(write.value)} in ${quote(`${directory}/${write.file}`)}`;
  const reason = explain(cgroup, write, errno);
  return systemError(errno, "set", subject, reason === undefined ? {} : { reason });
}

/** What the errno alone does not say. */
function explain(
  cgroup: V1Cgroup | V2Cgroup,
  write: LimitWrite,
  errno: number,
): string | undefined {
  const directory = directoryFor(cgroup, write.controller) ?? "";
  if (errno === Errno.EBUSY && write.file === "memory.limit_in_bytes") {
    const usage = readControlIfExists(directory, "memory.usage_in_bytes")?.trim();
    const peak = readControlIfExists(directory, "memory.max_usage_in_bytes")?.trim();
    return `unable to set memory limit to ${write.value} (current usage: ${usage}, peak usage: ${peak})`;
  }
  if (errno === Errno.ENOENT && write.file.startsWith("memory.memsw.")) {
    return "this kernel does not count swap: it needs the boot parameter swapaccount=1";
  }
  const isMissing = errno === Errno.ENOENT || errno === Errno.EACCES || errno === Errno.EPERM;
  return cgroup.tree === "v2" && isMissing ? whyNotEnabled(cgroup.path, write) : undefined;
}

/** Which cgroup above keeps a controller from the container; undefined where it has it. */
function whyNotEnabled(path: string, { controller, source }: LimitWrite): string | undefined {
  const has = (directory: string, file: string): boolean =>
    parseWords(readControlIfExists(directory, file) ?? "").includes(controller);
  if (controller === "cgroup" || has(path, "cgroup.controllers")) {
    return undefined;
  }
  const name = source.startsWith(placeOf("unified")) ? `${source} can't be set: ` : "";
  for (let above = parentPath(path); above !== "/"; above = parentPath(above)) {
    if (has(above, "cgroup.controllers")) {
      const why = hasOwnProcesses(above) ? ", which has processes of its own" : "";
      return `${name}controller ${quote(controller)} not available: not enabled in ${quote(above)}${why}`;
    }
  }
  return `${name}controller ${quote(controller)} not available`;
}

function hasOwnProcesses(directory: string): boolean {
  return (readControlIfExists(directory, "cgroup.procs") ?? "") !== "";
}

/** `checkBeforeUpdate`: v2 would kill processes to get below a new limit; v1 refuses by itself. */
export function checkUsageBefore(cgroup: V2Cgroup, memory: MemoryResources): void {
  const { limit = 0, swap = 0, checkBeforeUpdate } = memory;
  if (checkBeforeUpdate !== true || (limit <= 0 && swap <= 0)) {
    return;
  }
  const usage = Number(readControlIfExists(cgroup.path, "memory.current") ?? 0);
  const refuse = (setting: string, name: string, value: number): never => {
    throw new OcicatError("wrong-state", {
      operation: "set",
      subject: placeOf(`memory.${setting}`),
      reason: `rejecting ${name} limit ${decimal(value)} <= usage ${usage}`,
    });
  };
  if (swap > 0 && swap <= usage) {
    refuse("swap", "memory+swap", swap);
  }
  if (limit > 0 && limit <= usage) {
    refuse("limit", "memory", limit);
  }
}
