// update: new limits for a container. What is given replaces what was; the rest stays.

import { applyResources } from "../cgroup/resources.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { encodeDocument } from "../oci/encode.ts";
import type { IntelRdt } from "../oci/linux.ts";
import { decodeRuntimeConfig } from "../oci/parse/config.ts";
import type { Resources } from "../oci/resources.ts";
import type { ContainerAddress } from "./delete.ts";
import { updateResctrl } from "./intel-rdt.ts";
import { StateDirectory } from "./state-directory.ts";
import { statusOf } from "./status.ts";

export interface UpdateOptions extends ContainerAddress {
  readonly resources: Resources;
  /** New schemata for the container's group. */
  readonly intelRdt?: IntelRdt;
}

export function update({ stateRoot, id, resources, intelRdt = {} }: UpdateOptions): void {
  using directory = StateDirectory.open(stateRoot, id);
  const state = directory.readState();
  if (statusOf(directory, state) === "stopped") {
    throw new OcicatError("wrong-state", {
      operation: "update",
      subject: `container ${quote(id)}`,
      reason: "container not running",
    });
  }
  if (state.cgroup.tree === "none" && Object.keys(resources).length > 0) {
    throw new OcicatError("unsupported", {
      operation: "update",
      subject: `container ${quote(id)}`,
      reason: "cgroups not configured for container",
    });
  }
  const spec = decodeRuntimeConfig(directory.readConfig());
  const before = spec.linux?.resources ?? {};
  // Device rules are never part of an update: a container's devices are what it was created with.
  const { devices: _, ...wanted } = resources;
  const changed = mergeSections(before, wanted);
  updateResctrl(intelRdt, state.resctrl);
  applyOrRestore(state.cgroup, changed, before);
  const linux = { ...spec.linux, resources: { ...before, ...changed } };
  directory.writeConfig(encodeDocument({ ...spec, linux }, ""));
}

/** What the kernel refuses half-way is taken back, as far as it was configured before. */
function applyOrRestore(cgroup: ContainerCgroup, changed: Resources, before: Resources): void {
  try {
    applyResources(cgroup, changed);
  } catch (error) {
    const { devices: _, ...limits } = before;
    try {
      applyResources(cgroup, limits);
    } catch (failure) {
      if (error instanceof OcicatError) {
        error.cleanupFailures.push(failure);
      }
    }
    throw error;
  }
}

/**
 * The sections that the update names, with what was set in them before: a limit of swap depends on
 * that of memory, a quota on its period.
 */
export function mergeSections(before: Resources, wanted: Resources): Resources {
  return {
    ...wanted,
    ...(wanted.memory === undefined ? {} : { memory: { ...before.memory, ...wanted.memory } }),
    ...(wanted.cpu === undefined ? {} : { cpu: { ...before.cpu, ...wanted.cpu } }),
    ...(wanted.blockIO === undefined ? {} : { blockIO: { ...before.blockIO, ...wanted.blockIO } }),
    ...(wanted.unified === undefined ? {} : { unified: { ...before.unified, ...wanted.unified } }),
  };
}
