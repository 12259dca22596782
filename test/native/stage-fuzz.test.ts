// native/stage.c under the address and undefined-behaviour sanitizers: see stage-fuzz.c.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { x86_64 } from "../../src/abi/x86-64.ts";
import { compileHosted, missingTools, SANITIZED, type Target, TestFolder } from "./compiler.ts";
import { everyOperation } from "./stage-program.ts";

const RUNS = 100_000;

/** The ops of a run are counted by a function that the compiler calls at the begin of every other. */
const COUNTED: Target = { ...SANITIZED, flags: [...SANITIZED.flags, "-finstrument-functions"] };

describe.skipIf(missingTools(SANITIZED).length > 0)("fuzzing the stage (needs gcc)", () => {
  const folder = new TestFolder();
  const fuzzer = folder.file("stage-fuzz");

  beforeAll(async () => {
    compileHosted(COUNTED, ["test/native/stage-fuzz.c"], fuzzer);
    await Bun.write(folder.file("program"), everyOperation(x86_64));
  });

  afterAll(() => {
    folder.remove();
  });

  test.each([1, 2, Date.now()])("stays inside of its program with seed %d", (seed) => {
    const command = [fuzzer, String(seed), String(RUNS), folder.file("program")];
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { timeout: 100_000 });
    expect([seed, exitCode, stderr.toString()]).toEqual([seed, 0, ""]);
    const totals: Record<string, number> = JSON.parse(stdout.toString());
    expect((totals["loaded"] ?? 0) + (totals["refused"] ?? 0)).toBe(RUNS);
    // Most are programs to the stage, and nearly all of these came to an end.
    expect(totals["loaded"]).toBeGreaterThan(RUNS / 2);
    expect(totals["refused"]).toBeGreaterThan(RUNS / 10);
    expect(totals["exits"]).toBeGreaterThan(RUNS / 2);
  });
});
