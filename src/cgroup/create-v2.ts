// A container's directory in the v2 tree, with every controller that the cgroups above can give it.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import type { Resources } from "../oci/resources.ts";
import { parseWords, readControlIfExists, tryWriteControl } from "./control-file.ts";
import { detectCgroupHost } from "./detect.ts";
import { needsDomainController, v2LimitWrites } from "./limits-v2.ts";
import { isPermissionErrno, type MadeDirectories } from "./made-directories.ts";
import { parentPath, relativePath } from "./path-names.ts";
import type { ContainerCgroup, V2Cgroup } from "./types.ts";

export function makeV2Directory(
  cgroup: V2Cgroup,
  resources: Resources,
  made: MadeDirectories,
): ContainerCgroup {
  const top = detectCgroupHost().unified?.mountPoint ?? parentPath(cgroup.path);
  const errno = made.make(cgroup.path, (directory) => settleType(directory, resources));
  if (isPermissionErrno(errno) && cgroup.rootless && !cgroup.explicit) {
    return withoutCgroup(cgroup, resources, top);
  }
  if (errno !== 0 && errno !== Errno.EEXIST) {
    throw systemError(errno, "make the cgroup", quote(cgroup.path));
  }
  enableControllers(cgroup.path, top);
  return cgroup;
}

/** Rootless containers do without a cgroup, as long as nothing asks for what it would do. */
function withoutCgroup(cgroup: V2Cgroup, resources: Resources, top: string): ContainerCgroup {
  const available = controllersIn(top);
  if (v2LimitWrites(resources).some(({ controller }) => available.includes(controller))) {
    throw new OcicatError("permission-denied", {
      operation: "make the cgroup",
      subject: quote(cgroup.path),
      reason: "rootless needs no limits + no cgrouppath when no permission is granted for cgroups",
      hint: "log in through systemd, which delegates a cgroup to each user, or run without limits",
    });
  }
  const { keeper, rootless, explicit } = cgroup;
  return { tree: "none", keeper, rootless, explicit };
}

/**
 * Below a threaded cgroup, or one with processes and domain controllers, a new one is in an invalid
 * state until it is threaded too: then it can have the controllers that know threads, and no others.
 */
function settleType(directory: string, resources: Resources): void {
  const type = readControlIfExists(directory, "cgroup.type")?.trim();
  if (type === undefined || type === "domain") {
    return;
  }
  if (needsDomainController(resources)) {
    throw new OcicatError("unsupported", {
      operation: "make the cgroup",
      subject: quote(directory),
      reason:
        type === "domain invalid"
          ? "cannot enter cgroupv2 with domain controllers -- it is in an invalid state"
          : `cannot enter cgroupv2 with domain controllers -- it is in ${type} mode`,
    });
  }
  if (type === "domain invalid") {
    tryWriteControl(directory, "cgroup.type", "threaded");
  }
}

function controllersIn(directory: string): string[] {
  return parseWords(readControlIfExists(directory, "cgroup.controllers") ?? "");
}

/**
 * Gives the cgroup every controller of the tree's top, from the top down. A level that refuses (it has
 * processes of its own, or belongs to someone else) is no failure here: a limit that needs the
 * controller will name it.
 */
function enableControllers(path: string, top: string): void {
  const wanted = controllersIn(top);
  const present = new Set(controllersIn(path));
  if (wanted.every((controller) => present.has(controller))) {
    return;
  }
  const names = (relativePath(top, parentPath(path)) ?? "")
    .split("/")
    .filter((name) => name !== "");
  for (let depth = 0; depth <= names.length; depth += 1) {
    const level = [top, ...names.slice(0, depth)].join("/");
    enableIn(level, wanted);
  }
}

function enableIn(directory: string, controllers: readonly string[]): void {
  const enabled = readControlIfExists(directory, "cgroup.subtree_control") ?? "";
  const missing = controllers.filter((controller) => !parseWords(enabled).includes(controller));
  const all = missing.map((controller) => `+${controller}`);
  if (all.length > 0 && tryWriteControl(directory, "cgroup.subtree_control", all.join(" ")) < 0) {
    for (const one of all) {
      tryWriteControl(directory, "cgroup.subtree_control", one);
    }
  }
}
