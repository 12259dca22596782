// Reads the hot file on and on. What has been folded before it was read comes from the database.

import type { Surroundings } from "../surroundings.ts";
import { parseEvent, type RecordedEvent } from "./event-line.ts";
import { foldAndSelect, type HotPlace } from "./fold-events.ts";
import { HotEvents } from "./hot-events.ts";

/** What happens from now on is written there or behind it. Undefined: there is no hot file. */
export function placeAtEnd(storeRoot: string): HotPlace | undefined {
  using hot = HotEvents.open(storeRoot);
  const head = hot?.head;
  return hot === undefined || head === undefined ? undefined : { head, place: hot.size };
}

/** Events that are one are at most this many apart: whoever repeats one follows soon. */
const REMEMBERED = 1000;

export class HotEventsReader implements Disposable {
  readonly #surroundings: Surroundings;
  readonly #told = new Set<string>();
  #hot: HotEvents | undefined;
  #next: HotPlace | undefined;

  /** `next`: where what has not been read begins. Undefined: in a file that is not there yet. */
  constructor(surroundings: Surroundings, next: HotPlace | undefined) {
    this.#surroundings = surroundings;
    this.#next = next;
  }

  /** What has come since the last time. */
  read(): RecordedEvent[] {
    const events: RecordedEvent[] = [];
    for (;;) {
      events.push(...this.#readOn());
      if (this.#hot?.isReplaced() !== true) {
        return events.filter((event) => this.#isNew(event));
      }
      // What came between the last look and the replacement.
      events.push(...this.#readOn());
      this[Symbol.dispose]();
      this.#next = undefined;
    }
  }

  #readOn(): readonly RecordedEvent[] {
    this.#hot ??= HotEvents.open(this.#surroundings.storeRoot);
    const head = this.#hot?.head;
    if (this.#hot === undefined || head === undefined) {
      return [];
    }
    // It is another one than was read before: all of it is new.
    const start = this.#next?.head === head ? this.#next.place : 0;
    const events: RecordedEvent[] = [];
    let place = start;
    for (const { text, end } of this.#hot.lines(start)) {
      if (text === undefined) {
        return [...events, ...this.#catchUp({ head, place })];
      }
      events.push(...toList(parseEvent(text)));
      place = end;
    }
    this.#next = { head, place };
    return events;
  }

  /** Others have folded what we have not read. */
  #catchUp(from: HotPlace): readonly RecordedEvent[] {
    const { events, next } = foldAndSelect(this.#surroundings, { from });
    this.#next = next;
    return events;
  }

  #isNew({ once }: RecordedEvent): boolean {
    if (once === undefined) {
      return true;
    }
    const isNew = !this.#told.has(once);
    this.#told.add(once);
    const [oldest = ""] = this.#told;
    if (this.#told.size > REMEMBERED) {
      this.#told.delete(oldest);
    }
    return isNew;
  }

  [Symbol.dispose](): void {
    this.#hot?.[Symbol.dispose]();
    this.#hot = undefined;
  }
}

function toList<Item>(item: Item | undefined): Item[] {
  return item === undefined ? [] : [item];
}
