// Folding: events go from the hot file to the database of events.

import { OcicatError } from "../../error/ocicat-error.ts";
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

/** Where the database can't be used, as on a full disk, lines stay where they are: `ocicat doctor` tells. */
export function foldEvents(surroundings: Surroundings): void {
  try {
    using database = EventDatabase.open(surroundings.storeRoot);
    foldInto(database, surroundings);
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
  }
}

function foldInto(database: EventDatabase, surroundings: Surroundings): HotPlace | undefined {
  using hot = HotEvents.open(surroundings.storeRoot);
  const head = hot?.head;
  if (hot === undefined || head === undefined) {
    return undefined;
  }
  const end = hot.forceToDisk();
  const keep = surroundings.configuration.get("events.keep");
  const place = database.fold(hot, { head, end, keep });
  hot.giveBack(place);
  return { head, place };
}
