// Applying limits to a container's cgroup, at its creation and by `update`.

import type { Resources } from "../oci/resources.ts";
import { checkUsageBefore, writeLimits } from "./limits.ts";
import { applyUnitResources } from "./scope.ts";
import type { ContainerCgroup } from "./types.ts";

/** All limits but the devices. With systemd the unit's properties are set first, then the files. */
export function applyResources(cgroup: ContainerCgroup, resources: Resources): void {
  if (cgroup.tree === "none") {
    return;
  }
  if (cgroup.tree === "v2") {
    checkUsageBefore(cgroup, resources.memory ?? {});
  }
  writeLimits(cgroup, applyUnitResources(cgroup, resources));
}
