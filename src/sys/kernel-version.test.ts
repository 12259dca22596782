import { expect, test } from "bun:test";
import { release } from "node:os";
import { kernelIsAtLeast } from "./kernel-version.ts";

test("the running kernel is as new as its release says, and no newer", () => {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  expect(major).toBeGreaterThan(0);
  expect(kernelIsAtLeast(major, minor)).toBe(true);
  expect(kernelIsAtLeast(major, minor + 1)).toBe(false);
  expect(kernelIsAtLeast(major + 1, 0)).toBe(false);
  expect(kernelIsAtLeast(major - 1, minor + 100)).toBe(true);
});
