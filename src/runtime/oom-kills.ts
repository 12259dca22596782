// How many processes of a container the kernel has ended for want of memory.

import { countOomKills, oomCountPath } from "../cgroup/oom.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import type { HoldEnd } from "../plan/request.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";

/** Of one that has ended, too, as long as nobody has deleted it. Throws "not-found". */
export function oomKillsOf({ stateRoot, id }: ContainerAddress): number {
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  return countOomKills(directory.readState().cgroup);
}

/** For a holder, which counts at the end: where systemd keeps the cgroup, it goes with the last process. */
export function oomCountOf(cgroup: ContainerCgroup): Pick<HoldEnd, "oomCountPath"> {
  const path = oomCountPath(cgroup);
  return path === undefined ? {} : { oomCountPath: path };
}
