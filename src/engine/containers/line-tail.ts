// The last lines of a log, which may be much longer than this process has memory for.

import type { LogEntry } from "../../holder/log-entry.ts";

/** Of what is kept: a line that goes on for ever loses its beginning. */
const MOST_BYTES = 128 * 1024 * 1024;
/** What an entry takes beside its content, roughly. */
const ENTRY_BYTES = 256;
/** So many of those that were dropped are taken out of the list together. */
const DROPPED_TOGETHER = 1024;

/** The last lines of both streams together. */
export class LineTail {
  readonly #limit: number;
  readonly #most: number;
  #entries: LogEntry[] = [];
  /** Those before it are dropped. */
  #first = 0;
  #lines = 0;
  #bytes = 0;

  constructor(limit: number, most = MOST_BYTES) {
    this.#limit = limit;
    this.#most = most;
  }

  add(entry: LogEntry): void {
    this.#entries.push({ ...entry, content: entry.content.slice() });
    this.#lines += entry.endsLine ? 1 : 0;
    this.#bytes += sizeOf(entry);
    const openEnd = entry.endsLine ? 0 : 1;
    while (this.#lines + openEnd > this.#limit || this.#bytes > this.#most) {
      if (!this.#drop()) {
        return;
      }
    }
  }

  /** False: there is none. */
  #drop(): boolean {
    const dropped = this.#entries[this.#first];
    if (dropped === undefined) {
      return false;
    }
    this.#lines -= dropped.endsLine ? 1 : 0;
    this.#bytes -= sizeOf(dropped);
    this.#first += 1;
    if (this.#first >= Math.max(DROPPED_TOGETHER, this.#entries.length >> 1)) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return true;
  }

  forEach(show: (entry: LogEntry) => void): void {
    for (const entry of this.#entries.slice(this.#first)) {
      show(entry);
    }
  }
}

function sizeOf({ content }: LogEntry): number {
  return content.length + ENTRY_BYTES;
}
