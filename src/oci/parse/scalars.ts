// What is wrong with a single value, in a fault's words.

import { quote } from "../../error/ocicat-error.ts";

/** Longer texts have no use in any property; Linux itself takes at most 128 KiB in one argument. */
export const TEXT_LENGTH_MAX = 1_048_576;

export function textProblem(value: string): string | undefined {
  if (value.includes("\0")) {
    return `${shown(value)} contains a NUL byte`;
  }
  return value.length > TEXT_LENGTH_MAX
    ? `is longer than ${TEXT_LENGTH_MAX} characters`
    : undefined;
}

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

export function integerProblem(value: unknown, { min, max }: IntegerRange): string | undefined {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    return mustBe("an integer", value);
  }
  return value >= min && value <= max ? undefined : `${value} is not within ${min} to ${max}`;
}

const UINT64_MAX = 18446744073709551615n;

export function uint64Problem(value: unknown): string | undefined {
  if (typeof value !== "bigint" && !(typeof value === "number" && Number.isInteger(value))) {
    return mustBe("an integer", value);
  }
  if (isInexact(value)) {
    return `${value} is too large to be exact`;
  }
  return value >= 0 && value <= UINT64_MAX
    ? undefined
    : `${value} is not within 0 to ${UINT64_MAX}`;
}

/** JSON.parse may have rounded it. */
export function isInexact(value: unknown): boolean {
  return typeof value === "number" && value > Number.MAX_SAFE_INTEGER;
}

export function mustBe(expected: string, value: unknown): string {
  return `must be ${expected}, is ${typeof value === "number" ? value : kindOf(value)}`;
}

/** "a string", "an array". */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  if (Array.isArray(value)) {
    return "an array";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

export function noneOf(value: string, choices: readonly string[]): string {
  return `${shown(value)} is none of ${choices.join(", ")}`;
}

const SHOWN_LENGTH_MAX = 80;

/** A string of the document as a fault quotes it. */
export function shown(value: string): string {
  return quote(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}...` : value);
}
