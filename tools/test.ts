// `npm test [-- FILE.test.ts...]`: checks and tests, with one closing line.
//
// Without arguments: the build, format, lint, types, tidy, then every test file of src/, tools/ and
// test/ but those of the lanes test:peers and test:vm. Those of test:endurance run
// with small numbers. With arguments: those files alone.

import { runTool } from "./processes.ts";
import { type CheckResult, runChecks, tallyOfChecks } from "./testing/checks.ts";
import { reportOutcome, runFiles } from "./testing/run-files.ts";
import { addTallies, closingLine, EMPTY_TALLY, exitStatus } from "./testing/tally.ts";
import { listTestFiles } from "./testing/test-files.ts";

async function main(): Promise<void> {
  const paths = process.argv.slice(2);
  const checks = paths.length > 0 ? EMPTY_TALLY : tallyOfChecks(reportChecks(await runChecks()));
  const results = await runFiles(paths.length > 0 ? paths : listTestFiles());
  reportOutcome(results);
  const tally = addTallies([checks, ...results.map((result) => result.verdict.tally)]);
  console.log(closingLine(tally));
  process.exitCode = exitStatus(tally);
}

function reportChecks(results: readonly CheckResult[]): readonly CheckResult[] {
  for (const { name, problems } of results) {
    console.log(`${problems.length === 0 ? "pass" : "FAIL"}  ${name}`);
    for (const problem of problems) {
      console.log(`      ${problem}`);
    }
  }
  return results;
}

await runTool(main);
