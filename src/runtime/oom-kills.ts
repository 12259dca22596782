// How many processes of a container the kernel has ended for want of memory.

import { countOomKills } from "../cgroup/oom.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";

/** Of one that has ended, too, as long as nobody has deleted it. Throws "not-found". */
export function oomKillsOf({ stateRoot, id }: ContainerAddress): number {
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  return countOomKills(directory.readState().cgroup);
}
