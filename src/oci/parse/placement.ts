// Reads `linux.intelRdt` and `linux.memoryPolicy`: which caches and which memory a container uses.
// Sources: config-linux.md; the kernel's resctrl documentation; set_mempolicy(2).

import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES, type MemoryPolicyMode } from "../linux.ts";
import type { Fields } from "./fields.ts";
import { shown } from "./scalars.ts";
import { fileName, numberList, oneLine } from "./text-rules.ts";

export function checkIntelRdt(rdt: Fields): void {
  rdt.text("closID", closId);
  rdt.texts("schemata", oneLine);
  rdt.text("l3CacheSchema", oneLine);
  rdt.text("memBwSchema", memoryBandwidthSchema);
  rdt.flag("enableMonitoring");
}

function closId(value: string): string | undefined {
  return value === "/" ? undefined : fileName(value);
}

function memoryBandwidthSchema(value: string): string | undefined {
  return value.startsWith("MB:") ? oneLine(value) : `${shown(value)} does not begin with "MB:"`;
}

const NODES_FORBIDDEN: readonly MemoryPolicyMode[] = ["MPOL_DEFAULT", "MPOL_LOCAL"];
const NODES_OPTIONAL: readonly MemoryPolicyMode[] = ["MPOL_PREFERRED"];
const BALANCED: readonly MemoryPolicyMode[] = ["MPOL_BIND", "MPOL_PREFERRED_MANY"];

export function checkMemoryPolicy(policy: Fields): void {
  policy.required("mode");
  const mode = policy.choice("mode", MEMORY_POLICY_MODES);
  const nodes = policy.text("nodes", numberList);
  const flags = policy.choices("flags", MEMORY_POLICY_FLAGS) ?? [];
  if (mode === undefined) {
    return;
  }
  const forbidsNodes = NODES_FORBIDDEN.includes(mode);
  if (nodes !== undefined && forbidsNodes) {
    policy.fault("nodes", `${mode} takes no nodes`);
  }
  if (!policy.has("nodes") && !forbidsNodes && !NODES_OPTIONAL.includes(mode)) {
    policy.fault("nodes", `required for ${mode}`);
  }
  checkMemoryPolicyFlags(policy, mode, flags);
}

function checkMemoryPolicyFlags(
  policy: Fields,
  mode: MemoryPolicyMode,
  flags: readonly string[],
): void {
  const isStatic = flags.includes("MPOL_F_STATIC_NODES");
  const isRelative = flags.includes("MPOL_F_RELATIVE_NODES");
  if (isStatic && isRelative) {
    policy.fault("flags", "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
  }
  if ((isStatic || isRelative) && !policy.has("nodes")) {
    policy.fault("flags", "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES need nodes");
  }
  if (flags.includes("MPOL_F_NUMA_BALANCING") && !BALANCED.includes(mode)) {
    policy.fault("flags", `MPOL_F_NUMA_BALANCING needs ${BALANCED.join(" or ")}`);
  }
}
