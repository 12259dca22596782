// Folding: events go from the hot file to the database of events.

import { Errno } from "../../error/errno.ts";
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

/**
 * Folds all that there is, and returns what of it all is in `range`. Where nothing can be written, into a copy in memory:
 * what has happened is asked for most when something is wrong.
 */
export function foldAndSelect(surroundings: Surroundings, range: EventRange): Folded {
  try {
    using database = EventDatabase.open(surroundings.storeRoot);
    const next = foldInto(database, surroundings);
    return { events: database.select(range), next };
  } catch (error) {
    if (!isNotWritable(error)) {
      throw error;
    }
  }
  using copy = EventDatabase.openCopy(surroundings.storeRoot);
  const next = lookInto(copy, surroundings);
  return { events: copy.select(range), next };
}

/** What SQLite says has a cause; a database of a later version has none, and is not to be read. */
function isNotWritable(error: unknown): boolean {
  if (!(error instanceof OcicatError)) {
    return false;
  }
  const isOfSqlite = error.code === "unavailable" && error.cause !== undefined;
  return isOfSqlite || NOT_WRITABLE.includes(error.errno);
}

const NOT_WRITABLE: readonly (number | undefined)[] = [Errno.EROFS, Errno.EACCES, Errno.ENOSPC];

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

/** As folding does, but the lines stay where they are. */
function lookInto(copy: EventDatabase, surroundings: Surroundings): HotPlace | undefined {
  using hot = HotEvents.open(surroundings.storeRoot);
  const head = hot?.head;
  if (hot === undefined || head === undefined) {
    return undefined;
  }
  const keep = surroundings.configuration.get("events.keep");
  return { head, place: copy.fold(hot, { head, end: hot.size, keep }) };
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
