// The limits of a container as properties of its systemd unit (systemd.resource-control(5)), so that
// systemd, which writes the same files, does not undo them. Names and versions as runc has them.

import type { Resources } from "../oci/resources.ts";
import { cpuWeightFromShares, swapMax } from "./conversions.ts";
import type { UnitProperty } from "./systemd.ts";
import { unifiedProperties } from "./unit-properties-unified.ts";
import {
  cpusetProperties,
  longProperty,
  quotaProperties,
  SINCE,
  type VersionOf,
} from "./unit-property.ts";

function taskProperties({ pids }: Resources): UnitProperty[] {
  const limit = pids?.limit;
  // systemd refuses TasksMax=0.
  return limit === undefined ? [] : [longProperty("TasksMax", limit === 0 ? 1 : limit)];
}

function unlessZero(name: string, value = 0): UnitProperty[] {
  return value === 0 ? [] : [longProperty(name, value)];
}

/** Without the devices. */
export function v1UnitProperties(resources: Resources, version: VersionOf): UnitProperty[] {
  const { memory = {}, cpu = {}, blockIO = {} } = resources;
  return [
    ...unlessZero("MemoryLimit", memory.limit),
    ...unlessZero("CPUShares", cpu.shares),
    ...quotaProperties(cpu.quota ?? 0, cpu.period ?? 0, version),
    ...unlessZero("BlockIOWeight", blockIO.weight),
    ...taskProperties(resources),
    ...cpusetProperties(cpu, version),
  ];
}

/** Without the devices. */
export function v2UnitProperties(resources: Resources, version: VersionOf): UnitProperty[] {
  const { memory = {}, cpu = {} } = resources;
  const swap = swapMax(memory);
  // systemd makes cpu.idle of the weight 0.
  const isIdle = cpu.idle === 1 && version() >= SINCE.cpuIdle;
  const weight = cpuWeightFromShares(cpu.shares ?? 0);
  return [
    ...unlessZero("MemoryMax", memory.limit),
    ...unlessZero("MemoryLow", memory.reservation),
    ...(swap === undefined ? [] : [longProperty("MemorySwapMax", swap === "max" ? -1 : swap)]),
    ...(isIdle ? [longProperty("CPUWeight", 0)] : unlessZero("CPUWeight", weight)),
    ...quotaProperties(cpu.quota ?? 0, cpu.period ?? 0, version),
    ...taskProperties(resources),
    ...cpusetProperties(cpu, version),
    ...unifiedProperties(resources.unified ?? {}, version),
  ];
}
