// How a container wants to be stopped.

import { SIGTERM } from "../../abi/process.ts";
import type { EndRequest } from "./await-end.ts";
import { DEFAULT_STOP_MS, signalNumber } from "./stop-signal.ts";
import type { StoredContainer } from "./stored-container.ts";

export function stopRequest({ record }: StoredContainer): EndRequest {
  const { stopSignal = "", stopTimeoutMs = DEFAULT_STOP_MS } = record.options;
  return { signal: signalNumber(stopSignal) ?? SIGTERM, timeoutMs: stopTimeoutMs };
}
