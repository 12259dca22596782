import { expect, test } from "bun:test";
import { endPhase, phaseLines, recordPhases } from "./phases.ts";

test("phases are recorded only when asked for, each with wall and CPU time", () => {
  endPhase("unheard");
  expect(phaseLines()).toBe("");
  recordPhases();
  endPhase("one");
  endPhase("two");
  expect(phaseLines()).toMatch(/^phase one \d+ \d+\nphase two \d+ \d+\n$/);
});
