// What comes after the end of a container that is not started again.

import { settleContainer } from "./settle-container.ts";
import type { StoredContainer } from "./stored-container.ts";

/** What it had is given back, and its pod hears of it. */
export async function settleEnded(container: StoredContainer): Promise<void> {
  await settleContainer(container);
  await tellPodOf(container);
}

/** Of its end. */
export async function tellPodOf({
  record,
  surroundings,
}: Pick<StoredContainer, "record" | "surroundings">): Promise<void> {
  const { pod } = record.options;
  if (pod !== undefined) {
    const { memberEnded } = await import("../pods/pod-process.ts");
    await memberEnded(pod, surroundings);
  }
}
