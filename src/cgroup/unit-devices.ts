// Device rules as systemd's DevicePolicy= and DeviceAllow=. systemd knows allow lists alone, and its
// filter works beside ours: both must allow. So the list is never narrower than the rules; what it
// lets through too much (a single device denied again), our own filter denies.

import type { DeviceCgroupRule } from "../oci/resources.ts";
import {
  accessLetters,
  type DeviceKind,
  type DeviceNumbers,
  normalRules,
} from "../plan/device-filter/device-rules.ts";
import type { UnitProperty } from "./systemd.ts";
import { SINCE, textProperty, type VersionOf } from "./unit-property.ts";

type AllowedDevice = readonly [path: string, access: string];

export function deviceProperties(
  rules: readonly DeviceCgroupRule[],
  version: VersionOf,
): UnitProperty[] {
  const allowed = allowedDevices(rules);
  const isOld = version() < SINCE.devicePaths;
  // An assignment appends to the list; the empty one before it clears the unit's older list.
  const cleared: UnitProperty = ["DeviceAllow", { signature: "a(ss)", value: [] }];
  if (allowed === "all" || isOld) {
    return [cleared, textProperty("DevicePolicy", "auto")];
  }
  return [
    cleared,
    textProperty("DevicePolicy", "strict"),
    ["DeviceAllow", { signature: "a(ss)", value: allowed }],
  ];
}

function allowedDevices(rules: readonly DeviceCgroupRule[]): AllowedDevice[] | "all" {
  let allowed: AllowedDevice[] | "all" = [];
  for (const rule of normalRules(rules)) {
    const { kind } = rule;
    if (kind === undefined) {
      allowed = rule.allow ? "all" : [];
    } else if (rule.allow && allowed !== "all") {
      allowed.push([devicePath(kind, rule), accessLetters(rule.access)]);
    }
  }
  return allowed;
}

function devicePath(kind: DeviceKind, { major, minor }: DeviceNumbers): string {
  const name = kind === "b" ? "block" : "char";
  if (major === -1) {
    // systemd cannot say "any major, this minor".
    return `${name}-*`;
  }
  return minor === -1 ? `${name}-${major}` : `/dev/${name}/${major}:${minor}`;
}
