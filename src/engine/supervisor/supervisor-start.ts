// What the holder of a container needs to start its supervisor: src/plan/supervisor.ts.

import type { SupervisorStart } from "../../plan/request.ts";
import { ownCommand } from "../own-command.ts";
import type { Surroundings } from "../surroundings.ts";
import { makeSupervisorFolder, supervisorPlace } from "./supervisor-place.ts";

/** Where a holder puts the lock: the first that is free behind the standard ones. */
const LOCK_FD = 3;
/** Nothing wakes an idle process whose memory needs no looking after. */
const NO_TIMER = "BUN_GC_TIMER_DISABLE=1";

export function supervisorStart(
  surroundings: Surroundings,
  environment: readonly string[],
): SupervisorStart {
  const place = supervisorPlace(surroundings);
  makeSupervisorFolder(place);
  const { storeRoot, stateRoot } = surroundings;
  const words = ["supervise", "--lock-fd", String(LOCK_FD), "--store", storeRoot];
  return {
    command: [...ownCommand(), ...words, "--root", stateRoot],
    environment: [...environment, NO_TIMER],
    lockPath: place.lockPath,
  };
}
