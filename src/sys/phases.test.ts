import { expect, test } from "bun:test";
import { beginPhases, endPhase, phaseLines, phaseTimes, recordPhases } from "./phases.ts";

test("phases have their time, and lines with CPU time when those are asked for", () => {
  beginPhases();
  endPhase("one");
  expect(phaseLines()).toBe("");
  recordPhases();
  endPhase("two");
  expect(phaseLines()).toMatch(/^phase one \d+ -?\d+\nphase two \d+ \d+\n$/);
  expect(phaseTimes().map(({ phase }) => phase)).toEqual(["one", "two"]);
  beginPhases();
  expect(phaseTimes()).toEqual([]);
});

test("one phase before the beginning is of the process itself, and belongs to it", () => {
  beginPhases();
  endPhase("start");
  beginPhases();
  endPhase("work");
  const times = phaseTimes();
  expect(times.map(({ phase }) => phase)).toEqual(["start", "work"]);
  expect(times.every(({ microseconds }) => microseconds >= 0)).toBe(true);
});

test("a program that never begins anew does not grow", () => {
  beginPhases();
  for (let count = 0; count < 1000; count++) {
    endPhase("again");
  }
  expect(phaseTimes().length).toBeLessThan(100);
});
