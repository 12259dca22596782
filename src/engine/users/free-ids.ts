// Looks for ids that nobody has. No I/O.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { IdRange } from "../../image/owners/lent-ids.ts";
import type { IdMapping } from "../../oci/mount.ts";
import { fillUp, missingIds } from "./nested-ids.ts";

export interface FreeMapRequest {
  /** How many ids there are inside. */
  readonly size: number;
  /** Some of them, as they are asked for. */
  readonly fixed: readonly IdMapping[];
  /** What the others come from. */
  readonly ranges: readonly IdRange[];
  /** What other containers have. */
  readonly taken: readonly IdMapping[];
  /** What there is not enough of, for an error: "ids of ...". */
  readonly what: string;
}

/** Throws "exhausted". */
export function mapFreeIds(request: FreeMapRequest): readonly IdMapping[] {
  const { size, fixed, ranges, taken, what } = request;
  const wanted = missingIds(size, fixed);
  const used = [...taken, ...fixed].map(rangeOf);
  const start = firstFree(ranges, used, wanted);
  if (start === undefined) {
    throw new OcicatError("exhausted", {
      operation: "find",
      subject: `${wanted} ${what}`,
      reason: "that many in a row are not free",
      hint: "--userns auto:size=NUMBER takes fewer, `ocicat rm` gives those of a container back",
    });
  }
  return fillUp(size, start, fixed);
}

/** On the host. */
export function rangeOf({ hostID, size }: IdMapping): IdRange {
  return { start: hostID, size };
}

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
