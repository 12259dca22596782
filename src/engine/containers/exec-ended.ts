// What the holder of an exec executes when its process has ended and nobody was there to see it: the event of
// the end.

import { recordExecEnd } from "../events/container-event.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { ExecFolder } from "./exec-folder.ts";
import { execStatus } from "./exec-status.ts";
import { tryOpenById } from "./stored-container.ts";

/** By ids. By then container or exec may have been removed, which takes the event with it. */
export async function execEnded(
  container: string,
  exec: string,
  options: SurroundingsOptions,
): Promise<void> {
  const surroundings = await readSurroundings(options);
  using stored = tryOpenById(container, surroundings);
  using folder = ExecFolder.open(surroundings, container, exec);
  const record = folder?.read();
  if (stored === undefined || folder === undefined || record === undefined) {
    return;
  }
  const status = execStatus(folder, record);
  if (status.kind === "exited") {
    recordExecEnd(stored, exec, String(status.code));
  } else if (status.kind === "lost") {
    recordExecEnd(stored, exec, "unknown");
  }
}
