// native/holder.c under the address and undefined-behaviour sanitizers: see holder-fuzz.c.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { compileHosted, missingTools, SANITIZED, TestFolder } from "./compiler.ts";

const RUNS = 2000;
const TIMEOUT_MS = 240_000;

describe.skipIf(missingTools(SANITIZED).length > 0)("fuzzing the holder (needs gcc)", () => {
  const folder = new TestFolder();
  const program = folder.file("holder-fuzz");
  let runs = 0;

  beforeAll(() => {
    compileHosted(SANITIZED, ["test/native/holder-fuzz.c"], program);
  });

  afterAll(() => {
    folder.remove();
  });

  test.each([1, 2, Date.now()])(
    "survives, and loses nothing, with seed %d",
    (seed) => {
      // A run that is cut off leaves a log that is not the next one's.
      const place = folder.file(`run-${runs++}`);
      mkdirSync(place);
      const command = [program, String(seed), String(RUNS), place];
      const { exitCode, stdout, stderr } = Bun.spawnSync(command, { timeout: TIMEOUT_MS });
      expect([seed, exitCode, stderr.toString()]).toEqual([seed, 0, ""]);
      const totals: Record<string, number> = JSON.parse(stdout.toString());
      expect(totals["runs"]).toBe(RUNS);
      // Every run told the primary client the whole output and the exit; some had slow clients then.
      expect(totals["wholeOutputs"]).toBe(RUNS);
      expect(totals["exits"]).toBe(RUNS);
      expect(totals["frames"]).toBeGreaterThan(RUNS);
      expect(totals["lingered"]).toBeGreaterThan(0);
      expect(totals["logEntries"]).toBeGreaterThan(RUNS);
      expect(totals["supervisors"]).toBeGreaterThan(0);
      expect(totals["missingSupervisors"]).toBeGreaterThan(0);
      expect(totals["settled"]).toBeGreaterThan(0);
      expect(totals["handedOver"]).toBeGreaterThan(totals["settled"] ?? 0);
    },
    TIMEOUT_MS,
  );
});
