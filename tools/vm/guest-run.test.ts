import { expect, test } from "bun:test";
import { untilVerdict } from "./guest-run.ts";
import type { GuestEnd } from "./verdict.ts";

const SILENT: GuestEnd = { manner: "it did not come up after 120 s", verdict: undefined };
const TOLD: GuestEnd = { manner: "it powered off after 90 s", verdict: { files: {} } };

/** Each end in turn, and how many there were. */
async function attempts(ends: readonly GuestEnd[]) {
  let count = 0;
  const end = await untilVerdict("example", () => {
    const next = ends[count] ?? SILENT;
    count += 1;
    return Promise.resolve(next);
  });
  return { count, end };
}

test("a guest runs once when it has a verdict", async () => {
  expect(await attempts([TOLD])).toEqual({ count: 1, end: TOLD });
});

test("one without a verdict is started again, twice at most", async () => {
  expect(await attempts([SILENT, TOLD])).toEqual({ count: 2, end: TOLD });
  expect(await attempts([])).toEqual({ count: 3, end: SILENT });
});
