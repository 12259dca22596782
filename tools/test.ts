// `npm test [-- FILE.test.ts...]`: checks and tests, with one closing line.
//
// Without arguments: the build, format, lint, types, tidy, then every test file of src/, tools/ and
// test/ but those of the lanes test:peers and test:vm. With arguments: those files alone.

import { runTool } from "./processes.ts";
import { type CheckResult, runChecks, tallyOfChecks } from "./testing/checks.ts";
import { type FileResult, runFile } from "./testing/run-file.ts";
import { addTallies, closingLine, EMPTY_TALLY, type Tally } from "./testing/tally.ts";
import { listTestFiles, type TestFiles } from "./testing/test-files.ts";

/** Small tests are bound by the CPU: as many at once as the smallest supported machine has cores. */
const AT_ONCE = 2;

async function main(): Promise<void> {
  const paths = process.argv.slice(2);
  const checks = paths.length > 0 ? EMPTY_TALLY : tallyOfChecks(reportChecks(await runChecks()));
  const files: TestFiles = paths.length > 0 ? { together: [], alone: paths } : listTestFiles();
  const results = [
    ...(await runFiles(files.together, AT_ONCE)),
    ...(await runFiles(files.alone, 1)),
  ];
  reportSkipped(results);
  reportFailed(results);
  const tally = addTallies([checks, ...results.map((result) => result.verdict.tally)]);
  console.log(closingLine(tally));
  process.exitCode = exitStatus(tally);
}

function exitStatus(tally: Tally): number {
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
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

async function runFiles(paths: readonly string[], atOnce: number): Promise<FileResult[]> {
  const waiting = [...paths];
  const results: FileResult[] = [];
  const work = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const result = await runFile(path);
      reportFile(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

function reportFile({ path, verdict, output, seconds }: FileResult): void {
  const { passed, failed, skipped } = verdict.tally;
  const counts = `${passed} passed${failed > 0 ? `, ${failed} FAILED` : ""}`;
  const skips = skipped > 0 ? `, ${skipped} skipped` : "";
  const word = failed > 0 ? "FAIL" : "pass";
  console.log(`${word}  ${path}  ${counts}${skips}  (${seconds.toFixed(2)} s)`);
  if (failed > 0) {
    console.log(output);
  }
  for (const complaint of verdict.complaints) {
    console.log(`      ${path}: ${complaint}`);
  }
}

function reportSkipped(results: readonly FileResult[]): void {
  for (const { path, verdict } of results) {
    for (const name of verdict.skippedNames) {
      console.log(`skip  ${path}  ${name}`);
    }
  }
}

function reportFailed(results: readonly FileResult[]): void {
  for (const { path, verdict } of results) {
    if (verdict.tally.failed > 0) {
      console.log(`FAIL  ${path}  ${verdict.tally.failed} failed`);
    }
  }
}

await runTool(main);
