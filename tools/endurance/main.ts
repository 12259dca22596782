// `npm run test:endurance`: the tests that kill, with the numbers that they are meant for. `npm test` runs
// the same files with small ones.
//
//   npm run test:endurance [-- FILE.test.ts...]
//
// Builds, runs the files two at a time, for each tells only what it left itself, and closes with one line that
// counts. What is not done when the time is over has failed.

import { build } from "../build.ts";
import { runTool } from "../processes.ts";
import { reportOutcome, runFiles } from "../testing/run-files.ts";
import { addTallies, closingLine, exitStatus } from "../testing/tally.ts";
import { FILES, NUMBERS } from "./files.ts";

const LIMIT_MS = 13 * 60_000;

async function main(): Promise<void> {
  await build();
  Object.assign(process.env, NUMBERS);
  const named = process.argv.slice(2);
  const deadline = performance.now() + LIMIT_MS;
  const timeoutMs = (): number => Math.max(1, deadline - performance.now());
  const results = await runFiles(named.length > 0 ? named : FILES, { timeoutMs });
  reportOutcome(results);
  const tally = addTallies(results.map(({ verdict }) => verdict.tally));
  console.log(closingLine(tally));
  process.exitCode = exitStatus(tally);
}

await runTool(main);
