// The functions of templates: Go's own, and those that docker and podman add. A function that is called
// wrongly throws a ValueFault, which the caller gives a place.

import { printFormatted } from "./print-formatted.ts";
import { isList, isRecord, isTrue, printValue, typeName } from "./values.ts";

/** What is wrong with an argument. */
export class ValueFault extends Error {
  override readonly name = "ValueFault";
}

export interface TemplateFunction {
  readonly min: number;
  readonly max?: number;
  readonly call: (values: readonly unknown[]) => unknown;
}

/** A field that is called with arguments: docker's `.Label "role"`. */
export class TemplateMethod {
  readonly called: TemplateFunction;

  constructor(called: TemplateFunction) {
    this.called = called;
  }
}

export function jsonText(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

export function textOf(value: unknown): string {
  if (typeof value !== "string") {
    throw new ValueFault(`it takes a text, not ${typeName(value)}`);
  }
  return value;
}

export function integerOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new ValueFault(`it takes a whole number, not ${typeName(value)}`);
  }
  return value;
}

/** Letters behind what is neither letter, digit nor underscore: strings.Title. */
export function title(text: string): string {
  return text.replaceAll(
    /(^|[^\p{L}\p{N}_])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

export function join(value: unknown, separator: unknown): string {
  if (!isList(value)) {
    throw new ValueFault(`it takes a list, not ${typeName(value)}`);
  }
  return value.map(printValue).join(textOf(separator));
}

/** Spaces before and behind a text that is not empty. */
export function padText(text: string, before: number, behind: number): string {
  return text === "" ? "" : " ".repeat(before) + text + " ".repeat(behind);
}

export function lengthOf(value: unknown): number {
  if (typeof value === "string") {
    return new TextEncoder().encode(value).length;
  }
  if (isList(value)) {
    return value.length;
  }
  if (isRecord(value)) {
    return Object.keys(value).length;
  }
  throw new ValueFault(`${typeName(value)} has no length`);
}

/** `index labels "name"`, `index list 0`. What a map does not have is nothing. */
export function indexInto(value: unknown, keys: readonly unknown[]): unknown {
  let found = value;
  for (const key of keys) {
    if (isList(found)) {
      found = found[listIndex(key, found.length)];
    } else if (isRecord(found)) {
      const name = textOf(key);
      found = Object.hasOwn(found, name) ? found[name] : "";
    } else {
      throw new ValueFault(`${typeName(found)} has no elements`);
    }
  }
  return found;
}

function listIndex(key: unknown, length: number): number {
  const index = integerOf(key);
  if (index < 0 || index >= length) {
    throw new ValueFault(`the list has ${length} elements, there is none at ${index}`);
  }
  return index;
}

export function slice(value: unknown, bounds: readonly unknown[]): unknown {
  if (typeof value !== "string" && !isList(value)) {
    throw new ValueFault(`it takes a text or a list, not ${typeName(value)}`);
  }
  const [start = 0, end = value.length] = bounds.map(integerOf);
  if (start < 0 || end > value.length || start > end) {
    throw new ValueFault(`${start} to ${end} is not within its ${value.length} elements`);
  }
  return value.slice(start, end);
}

/** Spaces between operands of which neither is a text: fmt.Sprint. */
export function print(values: readonly unknown[]): string {
  return values
    .map((value, index) => {
      const before = values[index - 1];
      const isSpaced = index > 0 && typeof value !== "string" && typeof before !== "string";
      return `${isSpaced ? " " : ""}${printValue(value)}`;
    })
    .join("");
}

export function printLine(values: readonly unknown[]): string {
  return `${values.map(printValue).join(" ")}\n`;
}

export function printf([format, ...values]: readonly unknown[]): string {
  return printFormatted(textOf(format), values);
}

/** Whether the first is equal to any of the others. */
export function isEqual([first, ...others]: readonly unknown[]): boolean {
  return others.some((other) => {
    checkComparable(first, other);
    return (first ?? null) === (other ?? null);
  });
}

/** Negative, 0 or positive. */
export function compare(a: unknown, b: unknown): number {
  checkComparable(a, b);
  if (typeof a === "number" && typeof b === "number") {
    return a - b;
  }
  const [left, right] = [textOf(a), textOf(b)];
  if (left === right) {
    return 0;
  }
  return left < right ? -1 : 1;
}

function checkComparable(a: unknown, b: unknown): void {
  const isBasic = [a, b].every((value) => !(isList(value) || isRecord(value)));
  const isNothing = [a, b].some((value) => value === null || value === undefined);
  if (!isBasic || !(isNothing || typeof a === typeof b)) {
    throw new ValueFault(`${typeName(a)} and ${typeName(b)} cannot be compared`);
  }
}

/** Of the first argument that decides, or the last. */
export function firstThat(values: readonly unknown[], decides: boolean): unknown {
  const found = values.find((value) => isTrue(value) === decides);
  return found === undefined ? values.at(-1) : found;
}

const HTML: Readonly<Record<string, string>> = {
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\0": "�",
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/["'&<>\0]/g, (character) => HTML[character] ?? character);
}
