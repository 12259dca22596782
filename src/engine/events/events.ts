// The events of a store: what has happened, and what happens from now on.

import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { eventCondition } from "./event-filters.ts";
import type { RecordedEvent } from "./event-line.ts";
import { foldAndSelect } from "./fold-events.ts";
import { HotEventsReader, placeAtEnd } from "./hot-events-reader.ts";
import { StoreChanges } from "./store-changes.ts";

export interface EventsOptions extends SurroundingsOptions {
  /** Milliseconds since 1970. Without both, events from now on. */
  readonly sinceMs?: number;
  /** The end of the events: they go on until then. */
  readonly untilMs?: number;
  /** False: ends with what has happened by now. */
  readonly follow?: boolean;
  /** See event-filters.ts. */
  readonly filters?: readonly string[];
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Goes on for ever unless it is told when to end. Throws "invalid-argument" for a wrong filter. */
export async function* events(options: EventsOptions = {}): AsyncGenerator<RecordedEvent, void> {
  const holds = eventCondition(options.filters ?? []);
  const surroundings = await readSurroundings(options);
  for await (const event of unfiltered(surroundings, options)) {
    if (holds(event)) {
      yield event;
    }
  }
}

async function* unfiltered(
  surroundings: Surroundings,
  { sinceMs, untilMs, follow = true, signal }: EventsOptions,
): AsyncGenerator<RecordedEvent, void> {
  const range = {
    ...(sinceMs === undefined ? {} : { since: textOf(sinceMs) }),
    ...(untilMs === undefined ? {} : { until: `${textOf(untilMs)}~` }),
  };
  const isOver = (): boolean =>
    signal?.aborted === true || (untilMs !== undefined && Date.now() >= untilMs);
  const isPast = !follow || isOver();
  // It watches before it looks: nothing happens between the two.
  using changes = isPast ? undefined : new StoreChanges(surroundings.storeRoot);
  const isHistoryWanted = isPast || sinceMs !== undefined || untilMs !== undefined;
  const history = isHistoryWanted
    ? foldAndSelect(surroundings, range)
    : { events: [], next: placeAtEnd(surroundings.storeRoot) };
  yield* history.events;
  if (changes === undefined) {
    return;
  }
  using reader = new HotEventsReader(surroundings, history.next);
  const isInRange = ({ time }: RecordedEvent): boolean =>
    time >= (range.since ?? "") && time <= (range.until ?? "~");
  for (;;) {
    yield* reader.read().filter(isInRange);
    if (isOver()) {
      return;
    }
    await changes.next({ signal, deadlineMs: untilMs });
  }
}

/** As events have it, to the millisecond: texts of times sort as times do. */
function textOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1);
}
