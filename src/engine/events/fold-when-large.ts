// At the end of a container, when nobody waits any more, the lines of the hot file go to the database if they
// have become many.

import { AT_FDCWD } from "../../abi/file.ts";
import { statAt } from "../../sys/file.ts";
import type { Surroundings } from "../surroundings.ts";
import { HOT_EVENTS_NAME } from "./record-event.ts";

/** Some 4000 events. */
const LARGE_BYTES = 1024 * 1024;

export async function foldWhenLarge(surroundings: Surroundings): Promise<void> {
  const hot = statAt(AT_FDCWD, `${surroundings.storeRoot}/${HOT_EVENTS_NAME}`);
  if (hot === undefined || hot.allocatedBytes <= LARGE_BYTES) {
    return;
  }
  const { foldEvents } = await import("./fold-events.ts");
  foldEvents(surroundings);
}
