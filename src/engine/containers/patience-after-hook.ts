// What a container has done for it before its end takes of the time that it has for that.

import type { StoredContainer } from "./stored-container.ts";

/** Does what is to be done before its end; returns what is then left of the time. */
export async function patienceAfterHook(
  container: StoredContainer,
  timeoutMs: number,
): Promise<number> {
  if (container.record.options.lifecycle?.preStop === undefined) {
    return timeoutMs;
  }
  const { beforeStop } = await import("../health/lifecycle.ts");
  return beforeStop(container, timeoutMs);
}
