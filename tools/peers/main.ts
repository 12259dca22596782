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
import { reportOutcome, runFiles } from "../testing/run-files.ts";
import { addTallies, closingLine, exitStatus, type Tally } from "../testing/tally.ts";
import { busyboxLayout, debianLayout } from "./images.ts";
import { installPeers } from "./install.ts";
import { layeredLayout, serverLayout } from "./registry-images.ts";

/** The validation suite waits a lot: two minutes for each of the two runtimes. */
const FILE_TIMEOUT_MS = 900_000;

/** First, so that none of them is left alone in the end. */
const LONGEST = ["conformance", "images-trees", "docker", "erofs", "podman"] as const;

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
  const seconds = (performance.now() - begin) / 1000;
  console.log(`done  ${name}  (${seconds.toFixed(1)} s)`);
}

/** Those of LONGEST first. */
function arrange(paths: readonly string[]): string[] {
  const long = LONGEST.map((name) => `test/peers/${name}.test.ts`);
  return [...long, ...paths.filter((path) => !long.includes(path))];
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
  const results = await runFiles(named.length > 0 ? named : arrange(all), {
    timeoutMs: () => FILE_TIMEOUT_MS,
    shown: "conformance: ",
  });
  reportOutcome(results);
  return addTallies(results.map(({ verdict }) => verdict.tally));
}

const tally = await main();
console.log(closingLine(tally));
process.exitCode = exitStatus(tally);
