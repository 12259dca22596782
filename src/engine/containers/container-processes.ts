// top: which processes a container has.

import { recordContainerEvent } from "../events/container-event.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { processMembers } from "./process-members.ts";
import { requireRunning } from "./require-running.ts";
import { openContainer } from "./stored-container.ts";

/** Pids as the host sees them. Throws "wrong-state" unless it runs. */
export async function containerProcesses(
  word: string,
  options: SurroundingsOptions,
): Promise<readonly number[]> {
  using container = await openContainer(word, options);
  requireRunning(container, "list the processes of");
  const status = container.status();
  recordContainerEvent(container, "top");
  return "pid" in status ? processMembers(container, status.pid) : [];
}
