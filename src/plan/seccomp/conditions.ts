// Conditions on a call's arguments: what they compare, the values that satisfy them, and whether a
// value does.

import type { SeccompArgument, SeccompOperator } from "../../oci/seccomp.ts";
import { compareWords64, nextWord64, splitWord64, type Word64 } from "./word64.ts";

export interface Condition {
  /** Of the argument: 0 to 5. */
  readonly index: number;
  readonly op: SeccompOperator;
  /** What the argument is compared with. */
  readonly value: Word64;
  /** For SCMP_CMP_MASKED_EQ: the bits of the argument that count. */
  readonly mask: Word64;
}

const ZERO: Word64 = { high: 0, low: 0 };

export function conditionFrom(argument: SeccompArgument): Condition {
  const { index, op } = argument;
  const value = splitWord64(argument.value);
  if (op !== "SCMP_CMP_MASKED_EQ") {
    return { index, op, value, mask: ZERO };
  }
  const wanted = splitWord64(argument.valueTwo ?? 0);
  return { index, op, value: maskWord64(wanted, value), mask: value };
}

function maskWord64(word: Word64, mask: Word64): Word64 {
  return { high: (word.high & mask.high) >>> 0, low: (word.low & mask.low) >>> 0 };
}

/** As a program of a 32-bit interface is judged: by the lower halves. */
export function narrowCondition(condition: Condition): Condition {
  return {
    ...condition,
    value: { high: 0, low: condition.value.low },
    mask: { high: 0, low: condition.mask.low },
  };
}

export function conditionHolds(condition: Condition, argument: Word64): boolean {
  const order = compareWords64(argument, condition.value);
  switch (condition.op) {
    case "SCMP_CMP_EQ":
      return order === 0;
    case "SCMP_CMP_NE":
      return order !== 0;
    case "SCMP_CMP_LT":
      return order < 0;
    case "SCMP_CMP_LE":
      return order <= 0;
    case "SCMP_CMP_GT":
      return order > 0;
    case "SCMP_CMP_GE":
      return order >= 0;
    case "SCMP_CMP_MASKED_EQ":
      return compareWords64(maskWord64(argument, condition.mask), condition.value) === 0;
  }
}

/** From `start` on, up to the next edge, values match or do not. */
export interface Edge {
  readonly start: Word64;
  readonly matches: boolean;
}

interface Interval {
  readonly start: Word64;
  /** The first value behind it; undefined: it reaches to the largest value. */
  readonly end: Word64 | undefined;
}

/**
 * The values of an argument that satisfy at least one of the conditions, none of which is masked. The
 * first edge starts at zero, `matches` alternates. `wide`: 64 bits.
 */
export function matchingEdges(conditions: readonly Condition[], wide: boolean): Edge[] {
  const intervals = conditions.flatMap((condition) => intervalsOf(condition, wide));
  intervals.sort((left, right) => compareWords64(left.start, right.start));
  const edges: Edge[] = [{ start: ZERO, matches: false }];
  let end: Word64 | undefined = ZERO;
  for (const interval of intervals) {
    if (end === undefined) {
      break;
    }
    if (compareWords64(interval.start, end) > 0) {
      appendEdge(edges, { start: end, matches: false });
    }
    appendEdge(edges, { start: interval.start, matches: true });
    if (interval.end === undefined || compareWords64(interval.end, end) > 0) {
      end = interval.end;
    }
  }
  if (end !== undefined) {
    appendEdge(edges, { start: end, matches: false });
  }
  return edges;
}

/** Edges come in order: one at the same place replaces the last, one that changes nothing is left out. */
function appendEdge(edges: Edge[], edge: Edge): void {
  const last = edges.at(-1);
  if (last !== undefined && compareWords64(last.start, edge.start) === 0) {
    edges.pop();
  }
  if (edges.at(-1)?.matches !== edge.matches) {
    edges.push(edge);
  }
}

function intervalsOf({ op, value }: Condition, wide: boolean): Interval[] {
  switch (op) {
    case "SCMP_CMP_EQ":
      return [{ start: value, end: nextWord64(value, wide) }];
    case "SCMP_CMP_NE":
      return [...below(value), ...above(value, wide)];
    case "SCMP_CMP_LT":
      return below(value);
    case "SCMP_CMP_LE":
      return [{ start: ZERO, end: nextWord64(value, wide) }];
    case "SCMP_CMP_GT":
      return above(value, wide);
    case "SCMP_CMP_GE":
      return [{ start: value, end: undefined }];
    case "SCMP_CMP_MASKED_EQ":
      throw new TypeError("a masked comparison matches no interval");
  }
}

function below(value: Word64): Interval[] {
  return compareWords64(value, ZERO) === 0 ? [] : [{ start: ZERO, end: value }];
}

function above(value: Word64, wide: boolean): Interval[] {
  const start = nextWord64(value, wide);
  return start === undefined ? [] : [{ start, end: undefined }];
}
