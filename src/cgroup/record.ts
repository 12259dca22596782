// The record of a container's cgroup, read again from the text of state.json.

import { OcicatError } from "../error/ocicat-error.ts";
import type { CgroupKeeper, ContainerCgroup } from "./types.ts";

/** `value` is what JSON.parse made of a ContainerCgroup; `where` names it in errors. */
export function parseContainerCgroup(value: unknown, where: string): ContainerCgroup {
  const fields = objectOf(value, where);
  const record = {
    keeper: parseKeeper(fields["keeper"], `${where}.keeper`),
    rootless: fields["rootless"] === true,
    explicit: fields["explicit"] === true,
  };
  switch (fields["tree"]) {
    case "none":
      return { tree: "none", ...record };
    case "v2":
      return { tree: "v2", ...record, path: absolutePath(fields["path"], `${where}.path`) };
    case "v1": {
      const unifiedPath = fields["unifiedPath"];
      const unified =
        unifiedPath === undefined
          ? {}
          : { unifiedPath: absolutePath(unifiedPath, `${where}.unifiedPath`) };
      const entries = Object.entries(objectOf(fields["paths"], `${where}.paths`));
      const paths = Object.fromEntries(
        entries.map(([name, path]) => [name, absolutePath(path, `${where}.paths.${name}`)]),
      );
      return { tree: "v1", ...record, paths, ...unified };
    }
    default:
      throw wrong(where, "its tree is none that is known");
  }
}

function parseKeeper(value: unknown, where: string): CgroupKeeper {
  const fields = objectOf(value, where);
  if (fields["kind"] === "cgroupfs") {
    return { kind: "cgroupfs" };
  }
  const { unit, slice } = fields;
  if (fields["kind"] !== "systemd" || typeof unit !== "string" || typeof slice !== "string") {
    throw wrong(where, "it is neither cgroupfs nor systemd with a unit and a slice");
  }
  return { kind: "systemd", unit, slice, userBus: fields["userBus"] === true };
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (!isObject(value)) {
    throw wrong(where, "it is no object");
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Below a mount point, never "/" itself: what is killed and removed by. */
function absolutePath(value: unknown, where: string): string {
  if (typeof value !== "string" || !/^\/[^/]/.test(value) || value.split("/").includes("..")) {
    throw wrong(where, "it is no absolute path");
  }
  return value;
}

function wrong(where: string, reason: string): OcicatError {
  return new OcicatError("invalid-config", { operation: "read", subject: where, reason });
}
