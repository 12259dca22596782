import { expect, test } from "bun:test";
import { badFilter, filterCondition, namePattern, parseFilters, truthOf } from "./list-filters.ts";

const TABLE = {
  label: (value: string) => (item: readonly string[]) => item.includes(value),
  first: (value: string) => (item: readonly string[]) => item[0] === value,
};

test.each<[string, readonly string[], boolean]>([
  ["", ["a"], true],
  ["label=a", ["a", "b"], true],
  ["label=a label=b", ["a", "b"], true],
  ["label=a label=c", ["a", "b"], false],
  ["first=a first=b", ["b"], true],
  ["first=a label=b", ["a", "b"], true],
  ["first=b label=b", ["a", "b"], false],
])("%p", (text, item, expected) => {
  const words = text.split(" ").filter(Boolean);
  const filters = parseFilters(words, Object.keys(TABLE));
  expect(filterCondition(filters, TABLE)(item)).toBe(expected);
});

test("what is no filter is refused with the keys, and a wrong value with its reason", () => {
  expect(() => parseFilters(["labl=x"], ["label"])).toThrow(
    'use the filter "labl=x": there is no filter "labl"',
  );
  expect(() => parseFilters(["label"], ["label"])).toThrow("it is not of the form KEY=VALUE");
  expect(badFilter({ key: "a", value: "b" }, "no").message).toBe('use the filter "a=b": no');
  expect(() => truthOf({ key: "dangling", value: "maybe" })).toThrow("it is true or false");
  expect(["true", "1", "FALSE", "0"].map((value) => truthOf({ key: "x", value }))).toEqual([
    ...[true, true, false, false],
  ]);
});

test.each<[string, string, boolean]>([
  ["we", "web", true],
  ["^web$", "web", true],
  ["^/web$", "web", true],
  ["/web", "web", true],
  ["^eb", "web", false],
  ["^web$", "web-1", false],
  ["web-[0-9]+$", "web-12", true],
  ["db|web", "web", true],
  ["[", "web", false],
  ["[", "a[b", true],
])("the name pattern %p and %p", (pattern, name, expected) => {
  expect(namePattern(pattern)(name)).toBe(expected);
});
