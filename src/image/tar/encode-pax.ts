// Writes what pax.ts reads: the records of an extension header, for the facts that a ustar header has
// no room for (pax(1) "pax Extended Header"; star(5) for SCHILY; "GNU tar: Storing Sparse Files").
//
// Values are byte strings. The specification wants UTF-8, or a record that says otherwise.

import type { TarEntry, TarTime } from "./entry.ts";

export interface PaxText {
  readonly keyword: string;
  /** A byte string. */
  readonly value: string;
}

/** Says that names are bytes of no charset; before the records that it is about. */
export const BINARY_NAMES: PaxText = { keyword: "hdrcharset", value: "BINARY" };

/** In the order of the list. */
export function encodePaxRecords(records: readonly PaxText[]): Buffer {
  return Buffer.from(records.map(encodeRecord).join(""), "latin1");
}

function encodeRecord({ keyword, value }: PaxText): string {
  const rest = ` ${keyword}=${value}\n`;
  // The length counts its own digits.
  let length = rest.length;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return `${length}${rest}`;
}

/** Seconds with as many digits of the fraction as are not zero; -1.25 is { -2, 750,000,000 }. */
export function formatPaxTime({ seconds, nanoseconds }: TarTime): string {
  const isNegative = seconds < 0 && nanoseconds > 0;
  const whole = isNegative ? `-${-(seconds + 1)}` : String(seconds);
  const fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds;
  const digits = String(fraction).padStart(9, "0").replace(/0+$/, "");
  return digits === "" ? whole : `${whole}.${digits}`;
}

/** By name, so that the same file gives the same bytes. */
export function xattrRecords(xattrs: TarEntry["xattrs"]): PaxText[] {
  return [...xattrs]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => ({
      keyword: `SCHILY.xattr.${name.replace(/[%=]/g, percentEncode)}`,
      value: Buffer.from(value).toString("latin1"),
    }));
}

function percentEncode(character: string): string {
  return character === "%" ? "%25" : "%3D";
}
