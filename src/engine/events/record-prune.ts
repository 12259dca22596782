// docker's event "prune".

import type { Surroundings } from "../surroundings.ts";
import type { EventType } from "./event-line.ts";
import { recordEvent } from "./record-event.ts";

/** `reclaimed`: bytes, where they have been counted. */
export function recordPrune(
  surroundings: Pick<Surroundings, "storeRoot">,
  type: EventType,
  reclaimed?: number,
): void {
  const attributes = reclaimed === undefined ? {} : { reclaimed: String(reclaimed) };
  recordEvent(surroundings, { type, action: "prune", id: "", name: "", attributes });
}
