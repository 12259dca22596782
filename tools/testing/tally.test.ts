import { describe, expect, test } from "bun:test";
import { addTallies, closingLine, exitStatus, parseClosingLine, tallyOfLane } from "./tally.ts";

describe("closing line", () => {
  test("names the skipped only when there are some", () => {
    expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
    expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
  });

  test("is read back", () => {
    const tally = { passed: 30, failed: 1, skipped: 2 };
    expect(parseClosingLine(closingLine(tally))).toEqual(tally);
  });

  test.each(["3 pass", "x 3 passed, 0 failed", "3 passed, 0 failed, or so", ""])(
    "is nothing else: %p",
    (line) => {
      expect(parseClosingLine(line)).toBeUndefined();
    },
  );
});

describe("a lane", () => {
  const failuresOf = (lastLine: string, status: number) => tallyOfLane({ lastLine, status }).failed;

  test("that closes well keeps its counts", () => {
    expect(tallyOfLane({ lastLine: "3 passed, 0 failed, 1 skipped", status: 0 })).toEqual({
      passed: 3,
      failed: 0,
      skipped: 1,
    });
  });

  test("that dies before its closing line has failed", () => {
    expect(failuresOf("(pass) something", 0)).toBe(1);
    expect(failuresOf("", 139)).toBe(1);
  });

  test("whose exit status contradicts its counts has failed", () => {
    expect(failuresOf("3 passed, 0 failed", 1)).toBe(1);
  });

  test("whose failures explain its exit status has no more than them", () => {
    expect(failuresOf("3 passed, 2 failed", 1)).toBe(2);
  });

  test("that ran nothing has failed", () => {
    expect(failuresOf("0 passed, 0 failed, 4 skipped", 0)).toBe(1);
  });
});

test("tallies add up", () => {
  const sum = addTallies([
    { passed: 1, failed: 2, skipped: 3 },
    { passed: 10, failed: 20, skipped: 30 },
  ]);
  expect(sum).toEqual({ passed: 11, failed: 22, skipped: 33 });
});

test.each([
  [{ passed: 1, failed: 0, skipped: 1 }, 0],
  [{ passed: 1, failed: 1, skipped: 0 }, 1],
  [{ passed: 0, failed: 0, skipped: 1 }, 1],
])("the exit status after %p is %d", (tally, expected) => {
  expect(exitStatus(tally)).toBe(expected);
});
