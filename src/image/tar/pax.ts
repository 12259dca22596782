// The extension headers of pax (pax(1) "pax Extended Header"): records
//
//   LENGTH " " KEYWORD "=" VALUE "\n"      LENGTH: decimal, of the whole record
//
// of which a type x header has those for the next entry and a type g header those for all that follow.
// A record with an empty value takes back what an outer header said.

import type { TarTime } from "./entry.ts";
import { malformed } from "./tar-error.ts";

export interface PaxRecord {
  readonly keyword: string;
  readonly value: Buffer;
}

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const LONGEST_LENGTH = 10;

/** `offset` is that of the first record in the archive, for errors. */
export function parsePaxRecords(content: Buffer, offset: number): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let start = 0; start < content.length; ) {
    const space = content.indexOf(SPACE, start);
    if (space < 0 || space - start > LONGEST_LENGTH) {
      throw malformed(offset + start, "a pax record has no length");
    }
    const lengthText = content.toString("latin1", start, space);
    const end = start + parseDecimal(lengthText, "length of a pax record", offset + start);
    const equals = content.indexOf(EQUALS, space);
    if (end > content.length || content[end - 1] !== NEWLINE || equals < 0 || equals >= end) {
      throw malformed(offset + start, "a pax record is not of the form LENGTH KEYWORD=VALUE");
    }
    records.push({
      keyword: content.toString("latin1", space + 1, equals),
      value: content.subarray(equals + 1, end - 1),
    });
    start = end;
  }
  return records;
}

/** What applies to one entry: the records of type g headers, then those of its own type x header. */
export class PaxAttributes {
  readonly #values: ReadonlyMap<string, Buffer>;
  readonly #offset: number;

  constructor(global: readonly PaxRecord[], own: readonly PaxRecord[], offset: number) {
    this.#offset = offset;
    this.#values = new Map(
      [...global, ...own].map(({ keyword, value }): [string, Buffer] => [keyword, value]),
    );
  }

  /** Undefined where nothing was said, or where it was taken back by an empty value. */
  text(keyword: string): string | undefined {
    const value = this.#values.get(keyword);
    return value === undefined || value.length === 0 ? undefined : value.toString("latin1");
  }

  number(keyword: string): number | undefined {
    const text = this.text(keyword);
    return text === undefined ? undefined : parseDecimal(text, `pax ${keyword}`, this.#offset);
  }

  time(keyword: string): TarTime | undefined {
    const text = this.text(keyword);
    return text === undefined ? undefined : parsePaxTime(text, this.#offset);
  }

  entries(): Iterable<[keyword: string, value: Buffer]> {
    return this.#values;
  }
}

export function parseDecimal(text: string, what: string, offset: number): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw malformed(offset, `the ${what} ${JSON.stringify(text)} is not a number`);
  }
  return value;
}

/** Decimal seconds with an optional fraction: "-1.25" is two seconds before 1970 and 0.75 forward. */
export function parsePaxTime(text: string, offset: number): TarTime {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) {
    throw malformed(offset, `the pax time ${JSON.stringify(text)} is not a number`);
  }
  const [, sign = "", whole = "", fraction = ""] = match;
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign === "") {
    return { seconds: Number(whole), nanoseconds };
  }
  return nanoseconds === 0
    ? { seconds: 0 - Number(whole), nanoseconds }
    : { seconds: 0 - Number(whole) - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}
