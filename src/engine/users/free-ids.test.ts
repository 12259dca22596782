import { expect, test } from "bun:test";
import type { IdRange } from "../../image/owners/lent-ids.ts";
import { firstFree } from "./free-ids.ts";

function range(start: number, size: number): IdRange {
  return { start, size };
}

test.each<[string, IdRange[], IdRange[], number | undefined]>([
  ["nothing is used", [range(100, 50)], [], 100],
  ["the begin is used", [range(100, 50)], [range(100, 10)], 110],
  ["a gap is too small", [range(100, 50)], [range(100, 10), range(115, 10)], 125],
  ["a gap is large enough", [range(100, 50)], [range(125, 10), range(100, 10)], 110],
  ["used ranges overlap", [range(100, 50)], [range(90, 30), range(95, 5)], 120],
  ["only the second range has room", [range(100, 10), range(500, 20)], [range(101, 1)], 500],
  ["the end is used", [range(100, 20)], [range(115, 5)], 100],
  ["all is used", [range(100, 20)], [range(0, 1000)], undefined],
  ["the rest is too small", [range(100, 20)], [range(100, 10)], undefined],
])("%s", (_, ranges, used, expected) => {
  expect(firstFree(ranges, used, 11)).toBe(expected);
});
