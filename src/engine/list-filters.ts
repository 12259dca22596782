// --filter of lists: KEY=VALUE each. Values of one key are alternatives, those of labels have to hold all, and
// so have keys.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { closestWord } from "../error/similar-words.ts";
import { parseMoment } from "./images/moment.ts";

export interface Filter {
  readonly key: string;
  readonly value: string;
}

export type Condition<Item> = (item: Item) => boolean;

/** What a value of each key asks for. It may throw badFilter. */
export type FilterTable<Item> = Readonly<Record<string, (value: string) => Condition<Item>>>;

/** An item has many labels. */
const ALL_OF = ["label", "label!"];

/**
 * Throws "invalid-argument" for what is no filter, or has none of these keys. `refused`: why others that
 * users know can't be had.
 */
export function parseFilters(
  texts: readonly string[],
  keys: readonly string[],
  refused: Readonly<Record<string, string>> = {},
): readonly Filter[] {
  return texts.map((text) => {
    const equals = text.indexOf("=");
    const filter = { key: text.slice(0, Math.max(equals, 0)), value: text.slice(equals + 1) };
    const reason = Object.hasOwn(refused, filter.key) ? refused[filter.key] : undefined;
    if (reason !== undefined) {
      throw badFilter(filter, reason);
    }
    if (equals < 1) {
      throw badText(text, "it is not of the form KEY=VALUE", `a key is ${keys.join(", ")}`);
    }
    if (!keys.includes(filter.key)) {
      throw unknownFilter(text, filter.key, keys);
    }
    return filter;
  });
}

function unknownFilter(text: string, key: string, keys: readonly string[]): OcicatError {
  const suggestion = closestWord(key, keys);
  const hint =
    suggestion === undefined ? `there are ${keys.join(", ")}` : `did you mean ${suggestion}?`;
  return badText(text, `there is no filter ${quote(key)}`, hint);
}

function badText(text: string, reason: string, hint: string): OcicatError {
  const subject = `the filter ${quote(text)}`;
  return new OcicatError("invalid-argument", { operation: "use", subject, reason, hint });
}

/** Throws "invalid-argument" for a wrong value. */
export function filterCondition<Item>(
  filters: readonly Filter[],
  table: FilterTable<Item>,
): Condition<Item> {
  const groups = [...Map.groupBy(filters, ({ key }) => key)].map(([key, all]) => ({
    key,
    conditions: all.flatMap(({ value }) => table[key]?.(value) ?? []),
  }));
  return (item) =>
    groups.every(({ key, conditions }) =>
      ALL_OF.includes(key)
        ? conditions.every((holds) => holds(item))
        : conditions.some((holds) => holds(item)),
    );
}

export function badFilter({ key, value }: Filter, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `the filter ${quote(`${key}=${value}`)}`,
    reason,
  });
}

/** Milliseconds since 1970, of a time or of a duration that has passed. */
export function momentOf(filter: Filter): number {
  const moment = parseMoment(filter.value, Date.now());
  if (moment === undefined) {
    throw badFilter(filter, "it is neither a time nor a duration such as 24h");
  }
  return moment;
}

/** "true", "1", "false", "0". */
export function truthOf(filter: Filter): boolean {
  const text = filter.value.toLowerCase();
  if (!["true", "1", "false", "0"].includes(text)) {
    throw badFilter(filter, "it is true or false");
  }
  return text === "true" || text === "1";
}

/**
 * Docker's: an expression that is to be found in a name, also behind the slash that docker puts before it.
 * What is no expression is a part of the name.
 */
export function namePattern(text: string): Condition<string> {
  const pattern = tryCompile(text);
  return pattern === undefined
    ? (name) => name.includes(text)
    : (name) => pattern.test(name) || pattern.test(`/${name}`);
}

function tryCompile(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}
