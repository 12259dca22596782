// ps: the processes of a container, those of sub-cgroups too.

import { pidsOf } from "../cgroup/members.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";

/** Pids as the host sees them; none when it has stopped. */
export function processesOf({ stateRoot, id }: ContainerAddress): number[] {
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  const state = directory.readState();
  return pidsOf(state.cgroup).sort((one, other) => one - other);
}
