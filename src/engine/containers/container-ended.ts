// What a holder executes when its container has ended: `ocicat container-ended`. Nothing else runs for a
// container that waits to be started again.

import { OcicatError } from "../../error/ocicat-error.ts";
import { endPhase } from "../../sys/phases.ts";
import { memberEnded, renewMembers } from "../pods/pod-process.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { startByName } from "./container-operations.ts";
import { isStopped, readStartRecord } from "./container-record.ts";
import { dueRestartMs } from "./due-restart.ts";
import { removeRestartRecord, writeRestartRecord } from "./restart-record.ts";
import { settleContainer } from "./settle-container.ts";
import { openAsItIs, type StoredContainer } from "./stored-container.ts";

/** By then somebody else may have removed or started it. */
export async function containerEnded(id: string, options: SurroundingsOptions): Promise<void> {
  const delayMs = await settle(id, options);
  if (delayMs === undefined) {
    return;
  }
  // A user who stops or removes the container meanwhile kills this process.
  await Bun.sleep(delayMs);
  endPhase("wait");
  const isStarted = await startByName(id, { ...options, isRestart: true }).catch(
    (error: unknown) => {
      // Removed meanwhile; anything else has to be told.
      if (!(error instanceof OcicatError && error.code === "not-found")) {
        throw error;
      }
      return false;
    },
  );
  if (isStarted) {
    await renewMembers(id, options);
  }
}

/** Milliseconds until it is to be started again, if it is. */
async function settle(id: string, options: SurroundingsOptions): Promise<number | undefined> {
  using container = await openAsItIs(id, options);
  const status = container.status();
  if (status.kind !== "exited" && status.kind !== "lost") {
    return undefined;
  }
  const delayMs = dueRestartMs(container, status);
  // First, and settled then: whoever finds this process killed knows by one of the two that it was to go on.
  const isDue = delayMs !== undefined && announceRestart(container);
  await settleContainer(container);
  if (!isDue) {
    await memberEnded(container.record.options.pod, container.surroundings);
  }
  return isDue ? delayMs : undefined;
}

/** Whether it is to be: who stops it looks for what is written here after he has said so. */
function announceRestart({ folder, surroundings }: StoredContainer): boolean {
  const { stateRoot } = surroundings;
  const started = readStartRecord(folder.fd);
  if (started === undefined) {
    return false;
  }
  writeRestartRecord(stateRoot, folder.id, started);
  if (isStopped(folder.fd)) {
    removeRestartRecord(stateRoot, folder.id);
    return false;
  }
  return true;
}
