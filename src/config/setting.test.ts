import { expect, test } from "bun:test";
import { choice, duration, folder, integer, list, Refusal, type Setting, size } from "./setting.ts";

/** The rows that come out otherwise. */
function mistaken<Value>(
  setting: Setting<Value>,
  rows: readonly (readonly [raw: unknown, expected: unknown])[],
): unknown[] {
  return rows.flatMap(([raw, expected]) => {
    const value = setting.read(raw);
    const outcome = value instanceof Refusal ? value.reason : value;
    return Bun.deepEquals(outcome, expected) ? [] : [{ raw, expected, outcome }];
  });
}

const plain = { fallback: 1, purpose: "p" };

test("a size is a number of bytes or a text with a unit", () => {
  const wrong = 'is no size: write "512MiB" or a number of bytes';
  expect(
    mistaken(size(plain), [
      [1000, 1000],
      ["1000", 1000],
      ["1k", 1024],
      ["512MiB", 512 * 1024 ** 2],
      ["20GiB", 20 * 1024 ** 3],
      ["2 TB", 2 * 1024 ** 4],
      ["10b", 10],
      [0, `0 ${wrong}`],
      [-1, `-1 ${wrong}`],
      [1.5, `1.5 ${wrong}`],
      ["1.5GiB", `"1.5GiB" ${wrong}`],
      ["999999999999999TiB", `"999999999999999TiB" ${wrong}`],
      ["many", `"many" ${wrong}`],
      [[1], `a list ${wrong}`],
      [Number.POSITIVE_INFINITY, `null ${wrong}`],
    ]),
  ).toEqual([]);
});

test("a size may have a limit", () => {
  const limited = size({ ...plain, most: 4 * 1024 ** 2 });
  expect(limited.takes).toEndWith(', or a number of bytes, at most "4MiB"');
  expect(
    mistaken(limited, [
      ["4MiB", 4 * 1024 ** 2],
      ["8MiB", '"8MiB" is more than "4MiB"'],
    ]),
  ).toEqual([]);
});

test("a size is written with the largest unit that divides it", () => {
  const { format } = size(plain);
  expect([1, 1024, 1536, 256 * 1024 ** 3].map(format)).toEqual(["1", '"1KiB"', "1536", '"256GiB"']);
});

test("a time needs its unit", () => {
  const wrong = 'is no time between 1ms and 24h: write "30s"';
  expect(
    mistaken(duration(plain), [
      ["500ms", 500],
      ["30s", 30_000],
      ["5m", 300_000],
      ["24h", 86_400_000],
      ["25h", `"25h" ${wrong}`],
      ["0s", `"0s" ${wrong}`],
      [30, `30 ${wrong}`],
      ["30", `"30" ${wrong}`],
      ["30 s", `"30 s" ${wrong}`],
    ]),
  ).toEqual([]);
  expect([1, 1500, 30_000, 300_000].map(duration(plain).format)).toEqual([
    '"1ms"',
    '"1500ms"',
    '"30s"',
    '"5m"',
  ]);
});

test("a whole number keeps to its range", () => {
  const setting = integer({ min: 1, max: 8 }, plain);
  const wrong = "is not a whole number from 1 to 8";
  expect(
    mistaken(setting, [
      [8, 8],
      [0, `0 ${wrong}`],
      [9, `9 ${wrong}`],
      [1.5, `1.5 ${wrong}`],
      ["3", `"3" ${wrong}`],
      [Number.NaN, `null ${wrong}`],
    ]),
  ).toEqual([]);
  expect(mistaken(setting, [[setting.fromText("3"), 3]])).toEqual([]);
  expect(mistaken(setting, [[setting.fromText("-3"), `"-3" ${wrong}`]])).toEqual([]);
});

test("a choice is one of its names", () => {
  const setting = choice(["keep", "drop"], { fallback: "keep", purpose: "p" });
  expect(
    mistaken(setting, [
      ["drop", "drop"],
      ["Drop", '"Drop" is not keep or drop'],
      [true, "true is not keep or drop"],
      [{}, "a table is not keep or drop"],
      ["x".repeat(1000), `"${"x".repeat(79)} is not keep or drop`],
    ]),
  ).toEqual([]);
});

test("a folder is an absolute path without control characters", () => {
  expect(
    mistaken(folder("p"), [
      ["/srv/store", "/srv/store"],
      ["store", '"store" is no absolute path'],
      ["", "it is empty"],
      ["/a\0b", "it has a control character"],
      [`/${"a".repeat(5000)}`, "it is longer than 4096 characters"],
      [7, "a text is needed, not a number"],
    ]),
  ).toEqual([]);
});

test("a list is of texts, and a variable separates them by commas", () => {
  const names = list({ of: "names", fallback: [], purpose: "p" });
  expect(
    mistaken(names, [
      [[], []],
      [
        ["a", "b:5000"],
        ["a", "b:5000"],
      ],
      ["a", "a list of at most 1000 texts is needed"],
      [["a", 1], "entry 2: a text is needed, not a number"],
      [Array.from({ length: 1001 }, () => "a"), "a list of at most 1000 texts is needed"],
      [names.fromText("a, b"), ["a", "b"]],
      [names.fromText("a,"), "entry 2: it is empty"],
    ]),
  ).toEqual([]);
  const folders = list({ of: "folders", fallback: [], purpose: "p" });
  expect(mistaken(folders, [[["/a", "b"], 'entry 2: "b" is no absolute path']])).toEqual([]);
});
