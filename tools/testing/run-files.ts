// Runs test files, some at a time, and tells of each.

import { REPOSITORY } from "../repository.ts";
import { FILE_TIMEOUT_MS, type FileResult, runFile } from "./run-file.ts";

/** As many as the smallest supported machine has cores. */
const AT_ONCE = 2;

export interface FilesOptions {
  /** Of the one that is about to begin. */
  readonly timeoutMs?: () => number;
  /** Lines of an output that begin so are shown, whatever became of the file. */
  readonly shown?: string;
}

/** In the order in which they have ended. */
export async function runFiles(
  paths: readonly string[],
  { timeoutMs = () => FILE_TIMEOUT_MS, shown }: FilesOptions = {},
): Promise<FileResult[]> {
  const waiting = [...paths];
  const results: FileResult[] = [];
  const work = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const result = await runFile(path, REPOSITORY, timeoutMs());
      reportFile(result, shown);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

function reportFile(result: FileResult, shown: string | undefined): void {
  const { path, verdict, output, seconds } = result;
  const { passed, failed, skipped } = verdict.tally;
  const counts = `${passed} passed${failed > 0 ? `, ${failed} FAILED` : ""}`;
  const skips = skipped > 0 ? `, ${skipped} skipped` : "";
  const word = failed > 0 ? "FAIL" : "pass";
  console.log(`${word}  ${path}  ${counts}${skips}  (${seconds.toFixed(2)} s)`);
  if (failed > 0) {
    console.log(output);
  }
  const isShown = (line: string) => shown !== undefined && line.startsWith(shown);
  for (const line of output.split("\n").filter(isShown)) {
    console.log(`      ${line}`);
  }
  for (const complaint of verdict.complaints) {
    console.log(`      ${path}: ${complaint}`);
  }
}

/** By name, so that nobody takes them for passed; and once more which files have failed. */
export function reportOutcome(results: readonly FileResult[]): void {
  for (const { path, verdict } of results) {
    for (const name of verdict.skippedNames) {
      console.log(`skip  ${path}  ${name}`);
    }
  }
  for (const { path, verdict } of results) {
    if (verdict.tally.failed > 0) {
      console.log(`FAIL  ${path}  ${verdict.tally.failed} failed`);
    }
  }
}
