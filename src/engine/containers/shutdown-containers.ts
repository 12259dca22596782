// The machine, or the user's systemd, is going down: everything that runs is ended as it wants to be ended. No
// user has stopped it, so what has a restart policy comes back after the boot; and not before.

import { isPod } from "../pods/pod-record.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { isLive } from "./container-status.ts";
import { endAfterHook } from "./end-after-hook.ts";
import { noteShutdown } from "./restart-record.ts";
import { stopRequest } from "./stop-request.ts";
import { eachReadable, openAsItIs } from "./stored-container.ts";

/** The names of those that were ended; of pods the ids. Everything is tried; the first failure is thrown in the end. */
export async function endForShutdown(options: SurroundingsOptions): Promise<readonly string[]> {
  const surroundings = await readSurroundings(options);
  noteShutdown(surroundings.stateRoot);
  const live = eachReadable(surroundings, (container) => {
    const { record } = container;
    return isLive(container.status())
      ? [{ id: record.id, name: record.name, isPod: isPod(record) }]
      : [];
  }).flat();
  const failures: unknown[] = [];
  const end = async ({ id }: { readonly id: string }): Promise<void> => {
    try {
      using container = await openAsItIs(id, options);
      await endAfterHook(container, stopRequest(container));
    } catch (error) {
      failures.push(error);
    }
  };
  // What is in a pod goes before the pod.
  await Promise.all(live.filter((each) => !each.isPod).map(end));
  await Promise.all(live.filter((each) => each.isPod).map(end));
  if (failures[0] !== undefined) {
    throw failures[0];
  }
  return live.map((each) => (each.isPod ? each.id : each.name));
}
