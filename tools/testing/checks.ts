// The checks that count as one test each: the build, format and lint, types, and each rule of tidy.

import { build } from "../build.ts";
import { captureCommand } from "../processes.ts";
import { checkRepository } from "../tidy.ts";
import type { Tally } from "./tally.ts";

export interface CheckResult {
  readonly name: string;
  /** Empty where all is well. */
  readonly problems: readonly string[];
}

export async function runChecks(): Promise<CheckResult[]> {
  const built = await runCheck("build", build);
  const linted = await runCheck("format and lint", () =>
    captureCommand(["node_modules/.bin/biome", "ci", "--error-on-warnings"]),
  );
  const typed = await runCheck("types", () =>
    captureCommand(["node_modules/.bin/tsc", "--noEmit", "-p", "."]),
  );
  return [built, linted, typed, ...(await checkRepository())];
}

async function runCheck(name: string, check: () => Promise<unknown>): Promise<CheckResult> {
  try {
    await check();
    return { name, problems: [] };
  } catch (error) {
    return { name, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

export function tallyOfChecks(results: readonly CheckResult[]): Tally {
  const failed = results.filter((result) => result.problems.length > 0).length;
  return { passed: results.length - failed, failed, skipped: 0 };
}
