import { expect, test } from "bun:test";
import { bytes, milliseconds, ratio, table } from "./table.ts";

test("a table", () => {
  expect(table(["a", "b"], [["1", "2"]])).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |");
});

test("figures have three or four digits", () => {
  expect(milliseconds(5.678)).toBe("5.68");
  expect(milliseconds(15.678)).toBe("15.7");
  expect(bytes(900)).toBe("900 B");
  expect(bytes(9 * 1024)).toBe("9.0 KB");
  expect(bytes(112_000_000)).toBe("106.8 MB");
});

test("a target that is missed stands out", () => {
  expect(ratio(0.5, undefined)).toBe("0.50 x");
  expect(ratio(0.3, 0.35)).toBe("0.30 x (target 0.35: met)");
  expect(ratio(0.4, 0.35)).toBe("**0.40 x (target 0.35: missed)**");
});
