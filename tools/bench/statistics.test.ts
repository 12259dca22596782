import { expect, test } from "bun:test";
import { median, quantile } from "./statistics.ts";

test.each([
  [[3], 3],
  [[5, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
])("the median of %p is %d", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test("quantiles are interpolated", () => {
  const values = [10, 20, 30, 40, 50];
  expect(quantile(values, 0)).toBe(10);
  expect(quantile(values, 0.9)).toBeCloseTo(46);
  expect(quantile(values, 1)).toBe(50);
});

test("nothing has no quantile", () => {
  expect(median([])).toBeNaN();
});
