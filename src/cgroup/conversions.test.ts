import { expect, test } from "bun:test";
import { cpuWeightFromShares, ioWeightFromBlkio, swapMax } from "./conversions.ts";
import { bitsOfList, parseNumberList } from "./cpu-list.ts";

test("shares become weights by the curve of current runc and crun", () => {
  // The ends are runc's own table (cgroups/utils_test.go); the rest is the formula in 40 digits.
  for (const [shares, weight] of [
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
    [1023, 100],
    [1024, 100],
    [1025, 101],
    [2048, 174],
    [8192, 532],
    [262_143, 10_000],
    [262_144, 10_000],
    [262_145, 10_000],
  ] as const) {
    expect([shares, cpuWeightFromShares(shares)]).toEqual([shares, weight]);
  }
});

test("blkio weights become io weights", () => {
  expect([0, 10, 500, 1000].map(ioWeightFromBlkio)).toEqual([0, 1, 4950, 10_000]);
});

test("memory and swap together become swap alone", () => {
  for (const [limit, swap, expected] of [
    [0, 0, undefined],
    [1000, 0, undefined],
    [-1, 0, "max"],
    [1000, -1, "max"],
    [-1, 3000, 3000],
    [1000, 3000, 2000],
    [1000, 1000, 0],
  ] as const) {
    expect([limit, swap, swapMax({ limit, swap })]).toEqual([limit, swap, expected]);
  }
  expect(() => swapMax({ swap: 10 })).toThrow("unable to set swap limit without memory limit");
  expect(() => swapMax({ limit: 20, swap: 10 })).toThrow("should be >= memory limit");
});

test("lists of CPUs", () => {
  expect(parseNumberList("0-2,7, 9 ,")).toEqual([0, 1, 2, 7, 9]);
  for (const wrong of ["a", "3-1", "1-", "-1", "0-999999"]) {
    expect(parseNumberList(wrong)).toBeUndefined();
  }
  expect(bitsOfList("0-2,7,8,10")).toEqual([0b1000_0111, 0b101]);
  expect(bitsOfList("")).toBeUndefined();
});
