// What a holder executes when its container has ended: `ocicat container-ended`. Nothing else runs for a
// container that waits to be started again.

import { OcicatError } from "../../error/ocicat-error.ts";
import { endPhase } from "../../sys/phases.ts";
import { memberEnded, renewMembers } from "../pods/pod-process.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { startByName } from "./container-operations.ts";
import { isStopped, isToRestart, readStartRecord } from "./container-record.ts";
import type { ContainerStatus } from "./container-status.ts";
import { ALWAYS_RESTART, NO_RESTART, restartDelayMs } from "./restart-policy.ts";
import { settleContainer } from "./settle-container.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

/** By then somebody else may have removed or started it. */
export async function containerEnded(id: string, options: SurroundingsOptions): Promise<void> {
  const delayMs = await settle(id, options);
  if (delayMs === undefined) {
    return;
  }
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
  using container = await openContainer(id, options);
  const status = container.status();
  if (status.kind !== "exited" && status.kind !== "lost") {
    return undefined;
  }
  const delayMs = delayOf(container, status);
  await settleContainer(container);
  if (delayMs === undefined) {
    await memberEnded(container.record.options.pod, container.surroundings);
  }
  return delayMs;
}

function delayOf(
  { record, folder }: StoredContainer,
  status: ContainerStatus & { readonly kind: "exited" | "lost" },
): number | undefined {
  const isKnown = status.kind === "exited";
  const { restart = NO_RESTART } = record.options;
  return restartDelayMs(isToRestart(folder.fd) ? ALWAYS_RESTART : restart, {
    code: isKnown ? status.code : undefined,
    ranMs: isKnown ? status.finishedMs - status.startedMs : 0,
    restarts: readStartRecord(folder.fd)?.restarts ?? 0,
    isStopped: isStopped(folder.fd),
  });
}
