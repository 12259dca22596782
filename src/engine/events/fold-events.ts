// Folding: events go from the hot file, in memory, to the database of events, on the disk.

import type { Surroundings } from "../surroundings.ts";
import { EventDatabase, type EventRange } from "./event-database.ts";
import type { RecordedEvent } from "./event-line.ts";
import { HotEvents } from "./hot-events.ts";

/** A hot file, and how far it has been read. */
export interface HotPlace {
  readonly head: string;
  readonly place: number;
}

export interface Folded {
  readonly events: readonly RecordedEvent[];
  /** Where what has not been folded begins. Undefined: there is no hot file. */
  readonly next: HotPlace | undefined;
}

/** Folds all that there is, and returns what of it all is in `range`. */
export function foldAndSelect(surroundings: Surroundings, range: EventRange): Folded {
  using database = EventDatabase.open(surroundings.storeRoot);
  const next = foldInto(database, surroundings);
  return { events: database.select(range), next };
}

export function foldEvents(surroundings: Surroundings): void {
  using database = EventDatabase.open(surroundings.storeRoot);
  foldInto(database, surroundings);
}

function foldInto(database: EventDatabase, surroundings: Surroundings): HotPlace | undefined {
  using hot = HotEvents.open(surroundings.stateRoot);
  const head = hot?.head;
  if (hot === undefined || head === undefined) {
    return undefined;
  }
  const place = database.fold(hot, head, surroundings.configuration.get("events.keep"));
  hot.giveBack(place);
  return { head, place };
}
