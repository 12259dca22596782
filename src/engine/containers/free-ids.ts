// Looks for ids that nobody has. No I/O.

import type { IdRange } from "../../image/owners/lent-ids.ts";

/** The first of `size` ids in a row that are in one of the ranges and in none that is used. */
export function firstFree(
  ranges: readonly IdRange[],
  used: readonly IdRange[],
  size: number,
): number | undefined {
  const taken = used.toSorted((one, other) => one.start - other.start);
  for (const range of ranges) {
    let start = range.start;
    for (const each of taken) {
      if (each.start < start + size && each.start + each.size > start) {
        start = each.start + each.size;
      }
    }
    if (start + size <= range.start + range.size) {
      return start;
    }
  }
  return undefined;
}
