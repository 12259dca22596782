// `npm run test:peers`: ocicat as the runtime of podman, docker and containerd, in the OCI runtime
// validation suite beside runc, and its images beside those of skopeo, podman, buildah and umoci. Builds,
// installs the peers (root), makes the images, runs test/peers/ and closes with one line that counts.
//
//   npm run test:peers [-- FILE.test.ts...]
//
// OCICAT_TEST_RUNTIME=/usr/sbin/runc holds another runtime against the same tests, without a build.

import { Glob } from "bun";
import { build } from "../build.ts";
import { REPOSITORY } from "../repository.ts";
import { type FileResult, runFile } from "../testing/run-file.ts";
import { addTallies, closingLine, type Tally } from "../testing/tally.ts";
import { busyboxLayout, debianLayout } from "./images.ts";
import { installPeers } from "./install.ts";
import { layeredLayout, serverLayout } from "./registry-images.ts";

/** The validation suite waits a lot: two minutes for each of the two runtimes. */
const FILE_TIMEOUT_MS = 900_000;

async function prepare(): Promise<void> {
  if (process.env["OCICAT_TEST_RUNTIME"] === undefined) {
    await build();
  }
  await step("install the peers", installPeers);
  await step("make the test images", async () => {
    await Promise.all([busyboxLayout(), debianLayout(), serverLayout()]);
    await layeredLayout();
  });
}

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  await work();
  console.log(`done  ${name}  (${seconds(performance.now() - begin)})`);
}

async function runFiles(paths: readonly string[]): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const path of paths) {
    const result = await runFile(path, REPOSITORY, FILE_TIMEOUT_MS);
    report(result);
    tallies.push(result.verdict.tally);
  }
  return addTallies(tallies);
}

function report({ path, verdict, output, seconds: duration }: FileResult): void {
  const { tally } = verdict;
  console.log(
    `${tally.failed > 0 ? "FAIL" : "pass"}  ${path}  ${closingLine(tally)}  (${seconds(duration * 1000)})`,
  );
  if (tally.failed > 0) {
    console.log(output);
  }
  for (const sum of output.split("\n").filter((line) => line.startsWith("conformance: "))) {
    console.log(`      ${sum}`);
  }
  for (const complaint of verdict.complaints) {
    console.log(`      ${path}: ${complaint}`);
  }
  for (const name of verdict.skippedNames) {
    console.log(`skip  ${path}  ${name}`);
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

async function main(): Promise<Tally> {
  const named = process.argv.slice(2);
  const all = [...new Glob("test/peers/*.test.ts").scanSync({ cwd: REPOSITORY })].sort();
  try {
    await prepare();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return runFiles(named.length > 0 ? named : all);
}

const tally = await main();
console.log(closingLine(tally));
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
