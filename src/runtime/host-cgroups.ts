// The host's cgroup trees, as the plan compiler needs to know them.

import type { CgroupHost } from "../cgroup/types.ts";
import type { CgroupMountFacts } from "../plan/host-facts.ts";

export function cgroupMountFacts(host: CgroupHost): CgroupMountFacts {
  const { layout, hierarchies, unified } = host;
  return unified === undefined
    ? { layout, hierarchies }
    : { layout, hierarchies, unified: unified.mountPoint };
}
