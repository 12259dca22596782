// Properties of systemd units as D-Bus values, and those that depend on systemd's version.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { CpuResources, Resources } from "../oci/resources.ts";
import { bitsOfList } from "./cpu-list.ts";
import { placeOf } from "./limit-write.ts";
import type { UnitProperty } from "./systemd.ts";

const DEFAULT_PERIOD_US = 100_000;
const SECOND_US = 1_000_000;
const QUOTA_STEP_US = 10_000;

/** The first versions of systemd that know a property. */
export const SINCE = {
  devicePaths: 240,
  quotaPeriod: 242,
  cpuset: 244,
  cpuIdle: 252,
  oomPolicy: 253,
} as const;

/** systemd's version, asked for only where a property depends on it. */
export type VersionOf = () => number;

/** A property of the type uint64; -1 and beyond are "infinity". */
export function longProperty(name: string, value: number): UnitProperty {
  const long = value < 0 ? Number.POSITIVE_INFINITY : value;
  return [name, { signature: "t", value: long }];
}

export function textProperty(name: string, value: string): UnitProperty {
  return [name, { signature: "s", value }];
}

export function flagProperty(name: string, value: boolean): UnitProperty {
  return [name, { signature: "b", value }];
}

export function listProperty(name: string, list: string, source: string): UnitProperty {
  const bits = bitsOfList(list);
  if (bits === undefined) {
    throw new OcicatError("invalid-config", {
      operation: "set",
      subject: `${source} to ${quote(list)}`,
      reason: 'it is no list such as "0-3,7"',
    });
  }
  return [name, { signature: "ay", value: bits }];
}

/**
 * The same resources with a quota that systemd can express: whole percents of a CPU, rounded up. The
 * file gets the same number, or the two would overwrite each other.
 */
export function withRoundedQuota(resources: Resources): Resources {
  const { quota = 0, period = 0 } = resources.cpu ?? {};
  if (quota <= 0) {
    return resources;
  }
  const usedPeriod = period || DEFAULT_PERIOD_US;
  const perSecond = quotaPerSecond(quota, usedPeriod);
  const exact = Math.trunc((quota * SECOND_US) / usedPeriod);
  if (exact === perSecond) {
    return resources;
  }
  const rounded = Math.trunc((perSecond * usedPeriod) / SECOND_US);
  return { ...resources, cpu: { ...resources.cpu, quota: rounded } };
}

function quotaPerSecond(quota: number, period: number): number {
  const exact = Math.trunc((quota * SECOND_US) / period);
  return Math.ceil(exact / QUOTA_STEP_US) * QUOTA_STEP_US;
}

export function quotaProperties(quota: number, period: number, version: VersionOf): UnitProperty[] {
  const properties: UnitProperty[] = [];
  if (period !== 0 && version() >= SINCE.quotaPeriod) {
    properties.push(longProperty("CPUQuotaPeriodUSec", period));
  }
  if (quota !== 0 || period !== 0) {
    const perSecond = quota > 0 ? quotaPerSecond(quota, period || DEFAULT_PERIOD_US) : -1;
    properties.push(longProperty("CPUQuotaPerSecUSec", perSecond));
  }
  return properties;
}

export function cpusetProperties(
  { cpus = "", mems = "" }: CpuResources,
  version: VersionOf,
): UnitProperty[] {
  const wanted = cpus !== "" || mems !== "";
  if (!wanted || version() < SINCE.cpuset) {
    return [];
  }
  return [
    ...(cpus === "" ? [] : [listProperty("AllowedCPUs", cpus, placeOf("cpu.cpus"))]),
    ...(mems === "" ? [] : [listProperty("AllowedMemoryNodes", mems, placeOf("cpu.mems"))]),
  ];
}
