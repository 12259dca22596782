import { expect, test } from "bun:test";
import { parseTap, worseByNumbers, worseThan } from "./tap.ts";

const OUTPUT = `TAP version 13
  ---
  {
    "error": "hooks are out of order"
  }
  ...
ok 1 - create with id f81d4fae-7dec-11d0-a765-00a0c91e6bf6
not ok 2 - root in /tmp/ocitest12345/x
  ---
  {
    "error": "exit status 1",
    "reference": "config.md"
  }
  ...
ok 3 # SKIP no default device
1..3
`;

test("reads assertions and errors, without what differs from run to run", () => {
  expect(parseTap(OUTPUT, 0)).toEqual({
    exitCode: 0,
    passed: ["create with id ID"],
    failed: ["root in BUNDLE/x"],
    errors: ["hooks are out of order"],
  });
});

test("a run is not worse than itself", () => {
  const report = parseTap(OUTPUT, 1);
  expect(worseThan(report, report)).toEqual([]);
});

test("names all that is worse", () => {
  const baseline = { exitCode: 0, passed: ["a", "a", "b"], failed: ["c"], errors: [] };
  const tested = { exitCode: 1, passed: ["a"], failed: ["c", "b"], errors: ["no"] };
  expect(worseThan(tested, baseline)).toEqual([
    "exit code 1",
    "fails anew: b",
    "error anew: no",
    "passes no longer: a",
    "passes no longer: b",
  ]);
});

test("a failure that the baseline shares, oftener, is worse", () => {
  const baseline = { exitCode: 0, passed: ["a"], failed: ["c"], errors: [] };
  expect(worseThan({ ...baseline, failed: ["c", "c"] }, baseline)).toEqual(["fails anew: c"]);
});

test("what passes more is not worse", () => {
  const baseline = { exitCode: 1, passed: ["a"], failed: ["b"], errors: ["no"] };
  expect(
    worseThan({ exitCode: 0, passed: ["a", "b", "c"], failed: [], errors: [] }, baseline),
  ).toEqual([]);
});

test("by the numbers, another failure is no worse, one more is", () => {
  const baseline = { exitCode: 0, passed: ["a"], failed: ["b"], errors: [] };
  const further = { exitCode: 0, passed: ["a", "b"], failed: ["c"], errors: ["no"] };
  expect(worseByNumbers(further, baseline)).toEqual([]);
  expect(
    worseByNumbers({ exitCode: 1, passed: [], failed: ["b", "c"], errors: [] }, baseline),
  ).toEqual(["exit code 1", "fails 2 instead of 1", "passes 0 instead of 1"]);
});

test("nothing is worse than to fail at the start; to pass nothing and fail nothing is no failure", () => {
  const refused = { exitCode: 1, passed: [], failed: [], errors: [] };
  const tested = { exitCode: 0, passed: ["a"], failed: ["b"], errors: [] };
  expect(worseThan(tested, refused)).toEqual([]);
  expect(worseThan(tested, { ...refused, exitCode: 0 })).toEqual(["fails anew: b"]);
});
