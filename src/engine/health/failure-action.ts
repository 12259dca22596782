// What is done with a container that is unhealthy.

import { SIGKILL } from "../../abi/process.ts";
import { endContainer } from "../containers/await-end.ts";
import { stopContainer } from "../containers/container-operations.ts";
import { noteRestart } from "../containers/container-record.ts";
import { endAfterHook } from "../containers/end-after-hook.ts";
import { stopRequest } from "../containers/stop-request.ts";
import type { StoredContainer } from "../containers/stored-container.ts";
import { placeOf } from "../surroundings.ts";
import type { HealthCheck } from "./health-check.ts";

/** Returns when the container has ended, if it is to. */
export async function actOnFailure(
  container: StoredContainer,
  { onFailure, stopTimeoutMs }: Pick<HealthCheck, "onFailure" | "stopTimeoutMs">,
): Promise<void> {
  switch (onFailure) {
    case "none":
      return;
    case "kill":
      // As if it had died: its restart policy decides what follows.
      if (stopTimeoutMs === undefined) {
        await endContainer(container, { signal: SIGKILL, timeoutMs: 0 });
      } else {
        await endAsAsked(container, stopTimeoutMs);
      }
      return;
    case "stop":
      await stopContainer(container.record.id, placeOf(container.surroundings));
      return;
    case "restart":
      // By its holder, so that nothing is lost if this process dies now.
      noteRestart(container.folder.fd);
      await endAsAsked(container, stopTimeoutMs);
      return;
  }
}

async function endAsAsked(
  container: StoredContainer,
  stopTimeoutMs: number | undefined,
): Promise<void> {
  const patience = stopTimeoutMs === undefined ? {} : { timeoutMs: stopTimeoutMs };
  await endAfterHook(container, { ...stopRequest(container), ...patience });
}
