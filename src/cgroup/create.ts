// Making a container's cgroup. A failure removes what was made.

import { OcicatError } from "../error/ocicat-error.ts";
import type { Resources } from "../oci/resources.ts";
import { makeV1Directories } from "./create-v1.ts";
import { makeV2Directory } from "./create-v2.ts";
import { isFrozen } from "./freeze.ts";
import { MadeDirectories } from "./made-directories.ts";
import { pidsOf } from "./members.ts";
import type { ContainerCgroup, V1Cgroup, V2Cgroup } from "./types.ts";

/**
 * Makes the directories, unless systemd will. Returns the cgroup as it is: rootless without an
 * explicit cgroupsPath, trees without permission are left out.
 */
export function createCgroup(intent: ContainerCgroup, resources: Resources = {}): ContainerCgroup {
  if (intent.tree === "none" || intent.keeper.kind === "systemd") {
    return intent;
  }
  const made = new MadeDirectories();
  try {
    const cgroup =
      intent.tree === "v1"
        ? makeV1Directories(intent, resources, made)
        : makeV2Directory(intent, resources, made);
    if (made.foundExisting) {
      checkUnused(cgroup);
    }
    return cgroup;
  } catch (error) {
    made.removeAll();
    throw error;
  }
}

/** The directories of a unit that systemd does not make, once the unit is there. */
export function makeUnitDirectories(cgroup: V1Cgroup | V2Cgroup, resources: Resources): void {
  const made = new MadeDirectories();
  if (cgroup.tree === "v2") {
    makeV2Directory(cgroup, resources, made);
    return;
  }
  const { "name=systemd": _, ...paths } = cgroup.paths;
  const { unifiedPath: __, ...withoutUnified } = cgroup;
  makeV1Directories({ ...withoutUnified, paths }, resources, made);
}

/** A cgroup that was there is taken over only when it is empty and runs. */
function checkUnused(cgroup: ContainerCgroup): void {
  const count = pidsOf(cgroup).length;
  if (count > 0) {
    throw inUse(`container's cgroup is not empty: ${count} process(es) found`);
  }
  if (isFrozen(cgroup)) {
    throw inUse("container's cgroup unexpectedly frozen");
  }
}

function inUse(reason: string): OcicatError {
  return new OcicatError("already-exists", { operation: "use", subject: "the cgroup", reason });
}
