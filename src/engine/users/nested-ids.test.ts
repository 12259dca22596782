import { expect, test } from "bun:test";
import type { IdMapping } from "../../oci/mount.ts";
import { countLent, fillUp, keepId, leaveOut, missingIds, onHost } from "./nested-ids.ts";

/** The user 1000, with two ranges. */
const COUNTED = maps("0:1000:1 1:100000:100 101:500000:50");

function maps(text: string): IdMapping[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word) => {
      const [containerID = 0, hostID = 0, size = 0] = word.split(":").map(Number);
      return { containerID, hostID, size };
    });
}

function words(mappings: readonly IdMapping[]): string {
  return mappings
    .map(({ containerID, hostID, size }) => `${containerID}:${hostID}:${size}`)
    .join(" ");
}

const LENT = countLent(COUNTED);

test.each<[string, readonly IdMapping[], string]>([
  ["keep-id", keepId(70, LENT), "0:100000:70 70:1000:1 71:100070:30 101:500000:50"],
  ["keep-id of the last", keepId(150, LENT), "0:100000:100 100:500000:50 150:1000:1"],
  ["keep-id beyond what is lent", keepId(1000, LENT), "0:100000:100 100:500000:50 1000:1000:1"],
  ["keep-id of root", keepId(0, LENT), "0:1000:1 1:100000:100 101:500000:50"],
  ["nomap", leaveOut(LENT), "0:100000:100 100:500000:50"],
  [
    "--uidmap",
    maps("0:1:20 1000:0:1 20:90:20"),
    "0:100000:20 1000:1000:1 20:100089:11 31:500000:9",
  ],
])("%s", (_, asked, expected) => {
  expect(words(onHost(asked, COUNTED, "user"))).toBe(expected);
});

test.each(["0:151:1", "0:1:151", "0:100:1000", "5:4000000000:1"])(
  "%s is more than is lent",
  (asked) => {
    expect(() => onHost(maps(asked), COUNTED, "group")).toThrow(
      `map the group ids ${asked}: you have 151 of them`,
    );
  },
);

test("without lent ids nothing is left but the user", () => {
  const alone = maps("0:1000:1");
  expect(words(onHost(keepId(1000, countLent(alone)), alone, "user"))).toBe("1000:1000:1");
  expect(leaveOut(countLent(alone))).toEqual([]);
});

test.each([
  ["", "0:500:1000", 1000],
  ["0:7:1", "0:7:1 1:500:999", 999],
  ["10:7:5", "0:500:10 10:7:5 15:510:985", 995],
  ["990:7:20", "0:500:990 990:7:20", 990],
  ["5000:7:1", "0:500:1000 5000:7:1", 1000],
])("1000 ids of which %p are given", (fixed, expected, missing) => {
  expect(words(fillUp(1000, 500, maps(fixed)))).toBe(expected);
  expect(missingIds(1000, maps(fixed))).toBe(missing);
});
