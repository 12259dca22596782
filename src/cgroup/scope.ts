// A container's unit, when systemd keeps its cgroup. A scope is made around a process that exists: the
// container's init waits while it is made with init's pid. Without systemd these do nothing.

import type { DeviceCgroupRule, Resources } from "../oci/resources.ts";
import { makeUnitDirectories } from "./create.ts";
import { writeLimits } from "./limits.ts";
import { connectToSystemd, type Systemd, type UnitProperty } from "./systemd.ts";
import type { ContainerCgroup, V1Cgroup, V2Cgroup } from "./types.ts";
import { annotationProperties } from "./unit-annotations.ts";
import { deviceProperties } from "./unit-devices.ts";
import { v1UnitProperties, v2UnitProperties } from "./unit-properties.ts";
import { creationProperties } from "./unit-properties-unified.ts";
import { flagProperty, textProperty, withRoundedQuota } from "./unit-property.ts";

export interface ScopeOptions {
  readonly containerId: string;
  readonly resources?: Resources;
  /** Of config.json: those named `org.systemd.property.*` count. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Starts the container's unit with its first process and its limits, makes the directories that
 * systemd does not, and writes the limits that systemd has no property for. Devices come later, by
 * applyDevices: until then init may still make its device nodes.
 */
export function startScope(cgroup: ContainerCgroup, pid: number, options: ScopeOptions): void {
  if (cgroup.tree === "none" || cgroup.keeper.kind !== "systemd") {
    return;
  }
  const { unit, slice, userBus } = cgroup.keeper;
  const { resources = {} } = options;
  const limits = withRoundedQuota(resources);
  using systemd = connectToSystemd(userBus);
  systemd.startUnit(unit, [
    textProperty("Description", `ocicat container ${options.containerId}`),
    ...placeProperties(unit, slice),
    ["PIDs", { signature: "au", value: [pid] }],
    // Accounting, because some controllers cannot be joined well later.
    flagProperty("MemoryAccounting", true),
    flagProperty("CPUAccounting", true),
    flagProperty(cgroup.tree === "v2" ? "IOAccounting" : "BlockIOAccounting", true),
    flagProperty("TasksAccounting", true),
    flagProperty("DefaultDependencies", false),
    ...annotationProperties(options.annotations ?? {}),
    ...creationProperties(resources.unified ?? {}, () => systemd.version()),
    ...limitProperties(cgroup, limits, systemd),
  ]);
  makeUnitDirectories(cgroup, resources);
  writeLimits(cgroup, limits);
}

function placeProperties(unit: string, slice: string): UnitProperty[] {
  if (unit.endsWith(".slice")) {
    return [["Wants", { signature: "as", value: [slice] }]];
  }
  return [textProperty("Slice", slice), flagProperty("Delegate", true)];
}

function limitProperties(
  cgroup: V1Cgroup | V2Cgroup,
  resources: Resources,
  systemd: Systemd,
): UnitProperty[] {
  const version = (): number => systemd.version();
  return cgroup.tree === "v1"
    ? v1UnitProperties(resources, version)
    : v2UnitProperties(resources, version);
}

/** Sets the unit's properties for new limits; returns the limits that the files are to get. */
export function applyUnitResources(cgroup: V1Cgroup | V2Cgroup, resources: Resources): Resources {
  if (cgroup.keeper.kind !== "systemd") {
    return resources;
  }
  const rounded = withRoundedQuota(resources);
  using systemd = connectToSystemd(cgroup.keeper.userBus);
  const properties = limitProperties(cgroup, rounded, systemd);
  if (properties.length > 0) {
    systemd.setProperties(cgroup.keeper.unit, properties);
  }
  return rounded;
}

export function applyUnitDevices(
  cgroup: V1Cgroup | V2Cgroup,
  rules: readonly DeviceCgroupRule[],
): void {
  if (cgroup.keeper.kind === "systemd") {
    using systemd = connectToSystemd(cgroup.keeper.userBus);
    const properties = deviceProperties(rules, () => systemd.version());
    systemd.setProperties(cgroup.keeper.unit, properties);
  }
}

/** Stops the unit, waits until systemd has done so, and lets it forget a failed one. */
export function stopScope(cgroup: ContainerCgroup): void {
  if (cgroup.tree !== "none" && cgroup.keeper.kind === "systemd") {
    using systemd = connectToSystemd(cgroup.keeper.userBus);
    systemd.stopUnit(cgroup.keeper.unit);
  }
}
