// The end of a container that has something done for it before: within the time that it has for its end.

import { type EndRequest, endContainer } from "./await-end.ts";
import type { StoredContainer } from "./stored-container.ts";

/** As endContainer. */
export async function endAfterHook(
  container: StoredContainer,
  request: EndRequest,
): Promise<boolean> {
  if (container.record.options.lifecycle?.preStop === undefined) {
    return endContainer(container, request);
  }
  const { beforeStop } = await import("../health/lifecycle.ts");
  const timeoutMs = await beforeStop(container, request.timeoutMs);
  return endContainer(container, { ...request, timeoutMs });
}
