// A container's own new pod: `run --pod new:NAME`.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { createPod } from "./create-pod.ts";
import { findPod } from "./open-pods.ts";
import { removePod } from "./pod-operations.ts";

/** `name`: empty for one that is made up. A pod whose container did not come to be goes again. */
export async function withNewPod<Result>(
  name: string,
  options: RunContainerOptions,
  act: (member: RunContainerOptions) => Promise<Result>,
): Promise<Result> {
  const { storeRoot, stateRoot } = options;
  const place = { storeRoot, stateRoot };
  const pod = await createPod({ ...place, ...(name === "" ? {} : { name }) });
  try {
    return await act({ ...options, pod });
  } catch (error) {
    await removeUnlessUsed(pod, place).catch((failure: unknown) => {
      if (error instanceof OcicatError) {
        error.cleanupFailures.push(failure);
      }
    });
    throw error;
  }
}

async function removeUnlessUsed(pod: string, place: SurroundingsOptions): Promise<void> {
  const { members } = await findPod(pod, place);
  if (members.length === 0) {
    await removePod(pod, { ...place, force: true });
  }
}
