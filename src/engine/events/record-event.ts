// Notes that something has happened: one line at the end of the hot file, by one write that waits for no
// disk. Whoever has been waiting for it is told by the kernel; what becomes of the line is fold-events.ts.

import { AT_FDCWD, O_APPEND, O_CREAT, O_WRONLY } from "../../abi/file.ts";
import { call } from "../../sys/call.ts";
import { timeOfDay } from "../../sys/clock.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, tryOpenAt } from "../../sys/file.ts";
import type { Surroundings } from "../surroundings.ts";
import { type EngineEvent, encodeEvent } from "./event-line.ts";

/** In the store's folder. */
export const HOT_EVENTS_NAME = "events.hot";

/**
 * Never throws: what has been done is not undone for want of a note. `ocicat doctor` tells when events
 * cannot be written.
 */
export function recordEvent(
  { storeRoot }: Pick<Surroundings, "storeRoot">,
  event: EngineEvent,
): void {
  const flags = O_WRONLY | O_APPEND | O_CREAT;
  using file = new OwnedFd(tryOpenAt(AT_FDCWD, `${storeRoot}/${HOT_EVENTS_NAME}`, flags, 0o600));
  const line = encodeEvent(event, timeOfDay());
  call("write", file.number, addressOf(line), line.length);
}
