// `linux.resources.unified`, contents of cgroup v2 files, as properties of a systemd unit. A file that
// systemd has no property for is only written.

import { quote } from "../error/ocicat-error.ts";
import { parseWords } from "./control-file.ts";
import { invalidLimit, placeOf } from "./limit-write.ts";
import type { UnitProperty } from "./systemd.ts";
import {
  listProperty,
  longProperty,
  quotaProperties,
  SINCE,
  textProperty,
  type VersionOf,
} from "./unit-property.ts";

const DEFAULT_PERIOD_US = 100_000;

/** Files with one number or "max". */
const LONG_PROPERTIES: Readonly<Record<string, string>> = {
  "memory.high": "MemoryHigh",
  "memory.low": "MemoryLow",
  "memory.min": "MemoryMin",
  "memory.max": "MemoryMax",
  "memory.swap.max": "MemorySwapMax",
  "pids.max": "TasksMax",
};

const LIST_PROPERTIES: Readonly<Record<string, string>> = {
  "cpuset.cpus": "AllowedCPUs",
  "cpuset.mems": "AllowedMemoryNodes",
};

export function unifiedProperties(
  unified: Readonly<Record<string, string>>,
  version: VersionOf,
): UnitProperty[] {
  const isIdle = unified["cpu.idle"]?.trim() === "1" && version() >= SINCE.cpuIdle;
  return Object.entries(unified).flatMap(([file, content]) => {
    const value = content.trim();
    const source = placeOf(`unified[${quote(file)}]`);
    const long = LONG_PROPERTIES[file];
    const list = LIST_PROPERTIES[file];
    if (long !== undefined) {
      const number = parseMax(value, source);
      return [longProperty(long, file === "pids.max" && number === 0 ? 1 : number)];
    }
    if (list !== undefined) {
      return version() >= SINCE.cpuset ? [listProperty(list, value, source)] : [];
    }
    return cpuProperties(file, value, { isIdle, source, version });
  });
}

interface CpuSettings {
  /** systemd makes cpu.idle of the weight 0, so there can be no other. */
  readonly isIdle: boolean;
  readonly source: string;
  readonly version: VersionOf;
}

function cpuProperties(
  file: string,
  value: string,
  { isIdle, source, version }: CpuSettings,
): UnitProperty[] {
  switch (file) {
    case "cpu.idle":
      return isIdle ? [longProperty("CPUWeight", 0)] : [];
    case "cpu.weight":
      return isIdle ? [] : [longProperty("CPUWeight", parseMax(value, source))];
    case "cpu.max":
      return maxProperties(value, source, version);
    default:
      return [];
  }
}

/** "QUOTA [PERIOD]"; a quota of 0 is none, which is what "max" means. */
function maxProperties(value: string, source: string, version: VersionOf): UnitProperty[] {
  const parts = parseWords(value);
  const [quota = "", period = String(DEFAULT_PERIOD_US)] = parts;
  if (parts.length === 0 || parts.length > 2) {
    throw invalidLimit(source, value, "it is not QUOTA [PERIOD]");
  }
  const limit = quota === "max" ? 0 : parseMax(quota, source);
  return quotaProperties(limit, parseMax(period, source), version);
}

/** -1 for "max". */
function parseMax(value: string, source: string): number {
  if (value === "max") {
    return -1;
  }
  if (!/^\d+$/.test(value)) {
    throw invalidLimit(source, value, "it is no number");
  }
  return Number(value);
}

/** What systemd takes only when it makes the unit. */
export function creationProperties(
  unified: Readonly<Record<string, string>>,
  version: VersionOf,
): UnitProperty[] {
  const group = unified["memory.oom.group"]?.trim();
  if ((group !== "0" && group !== "1") || version() < SINCE.oomPolicy) {
    return [];
  }
  return [textProperty("OOMPolicy", group === "1" ? "kill" : "continue")];
}
