// Device rules as systemd's DevicePolicy= and DeviceAllow=. systemd knows allow lists alone, and its
// filter works beside ours: both must allow. So the list is never narrower than the rules; what it
// lets through too much (a single device denied again), our own filter denies.

import type { DeviceCgroupRule } from "../oci/resources.ts";
import type { UnitProperty } from "./systemd.ts";
import { SINCE, textProperty, type VersionOf } from "./unit-property.ts";

const ALL_ACCESS = "rwm";

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
  for (const rule of rules) {
    if (isForAll(rule)) {
      allowed = rule.allow ? "all" : [];
    } else if (rule.allow && allowed !== "all") {
      allowed.push(...entriesOf(rule));
    }
  }
  return allowed;
}

/** A rule of the type "a" covers every device, whatever its numbers say. */
function isForAll({ type = "a", access = ALL_ACCESS }: DeviceCgroupRule): boolean {
  return type === "a" && [...ALL_ACCESS].every((letter) => access.includes(letter));
}

function entriesOf({ type = "a", major = -1, minor = -1, access }: DeviceCgroupRule) {
  const kinds =
    type === "a" ? (["char", "block"] as const) : ([type === "b" ? "block" : "char"] as const);
  return kinds.map((kind): AllowedDevice => {
    const letters = access === undefined || access === "" ? ALL_ACCESS : access;
    if (major === -1) {
      // systemd cannot say "any major, this minor".
      return [`${kind}-*`, letters];
    }
    return minor === -1
      ? [`${kind}-${major}`, letters]
      : [`/dev/${kind}/${major}:${minor}`, letters];
  });
}
