// wait: until a container's init has ended, in the event loop of a program that embeds the runtime.

import type { OwnedFd } from "../sys/file.ts";
import { untilReady } from "../sys/waiting.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";
import { openInit } from "./status.ts";

/**
 * Fulfilled when the container is stopped; at once when it already is. How its process ended only its
 * parent knows: the program itself for `run`, its child subreaper for `create` and `start`.
 */
export async function waitUntilStopped(address: ContainerAddress): Promise<void> {
  using init = openInitOf(address);
  if (init !== undefined) {
    await untilReady(init.number);
  }
}

/** A pidfd of init; undefined: it has ended. */
export function openInitOf({ stateRoot, id }: ContainerAddress): OwnedFd | undefined {
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  return openInit(directory.readState());
}
