// Judges the run of ONE test file by `bun test`. Each file runs in a process of its own, so whatever
// goes wrong with the process has a name.
//
// Bun's own counts cannot be taken as they are: a file that throws while it loads is no failure in
// the JUnit report, a test that calls process.exit(0) ends the run with status 0 and no summary, a
// crash writes no report, and a test without an assertion counts as passed.

import { parseJunit } from "./junit.ts";
import type { Tally } from "./tally.ts";

export interface FileRun {
  readonly status: number | undefined;
  /** The signal that ended the process. */
  readonly signal: string | undefined;
  readonly isTimeout: boolean;
  /** What it left in its temporary folder. */
  readonly leftovers: readonly string[];
  /** What the process wrote to stdout and stderr. */
  readonly output: string;
  /** The JUnit report, if one was written. */
  readonly report: string | undefined;
}

export interface FileVerdict {
  readonly tally: Tally;
  readonly skippedNames: readonly string[];
  /** What failed, beyond what Bun's own output says. */
  readonly complaints: readonly string[];
}

const SUMMARY = /^Ran (\d+) tests? across 1 file\./m;

export function judgeFile(run: FileRun): FileVerdict {
  const unfinished = whyUnfinished(run);
  if (unfinished !== undefined) {
    return failure(unfinished);
  }
  const cases = parseJunit(run.report ?? "");
  const named = (outcome: string) =>
    cases.filter((testCase) => testCase.outcome === outcome).map((testCase) => testCase.name);
  const passed = named("passed").length;
  const assertingNothing = named("asserts-nothing");
  const skippedNames = named("skipped");
  const complaints = assertingNothing.map((name) => `asserts nothing: ${name}`);
  let failed = named("failed").length + assertingNothing.length;
  if (cases.length === 0 && run.status === 0) {
    complaints.push("defines no test");
    failed += 1;
  }
  if (run.status !== 0 && failed === 0) {
    complaints.push(`exit status ${run.status}: an error outside of the tests`);
    failed += 1;
  }
  if (run.leftovers.length > 0) {
    complaints.push(`left behind in the temporary folder: ${run.leftovers.join(", ")}`);
    failed += 1;
  }
  return { tally: { passed, failed, skipped: skippedNames.length }, skippedNames, complaints };
}

function whyUnfinished(run: FileRun): string | undefined {
  if (run.isTimeout) {
    return "ran into the time limit of a test file";
  }
  if (run.signal !== undefined) {
    return `crashed with ${run.signal}`;
  }
  const summary = SUMMARY.exec(run.output);
  if (summary === null) {
    return `ended before its summary, with exit status ${run.status}`;
  }
  const reported = parseJunit(run.report ?? "").length;
  if (run.status === 0 && Number(summary[1]) !== reported) {
    return `ran ${summary[1]} tests, but reported ${reported}`;
  }
  return undefined;
}

function failure(complaint: string): FileVerdict {
  return {
    tally: { passed: 0, failed: 1, skipped: 0 },
    skippedNames: [],
    complaints: [complaint],
  };
}
