// Runs in the guest: does the work of its plan and writes the verdict to the disk that the argument names.

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import type { FileVerdict } from "../../testing/file-verdict.ts";
import { type FileResult, runFile } from "../../testing/run-file.ts";
import { encodeVerdict, ownPlan, PLANS_PATH, type Plan, type Verdict } from "../verdict.ts";

async function main(verdictDisk: string): Promise<void> {
  const plans: readonly Plan[] = await Bun.file(PLANS_PATH).json();
  const plan = ownPlan(plans, readFileSync("/proc/cmdline", "utf8"));
  // Tests of the lane run where this is set, and are skipped elsewhere.
  process.env["OCICAT_VM"] = plan.mode;
  if (plan.runtime !== undefined) {
    process.env["OCICAT_TEST_RUNTIME"] = plan.runtime;
  }
  if (plan.work.kind === "command") {
    const command = ["bash", "-c", plan.work.command];
    const child = Bun.spawn(command, { stdio: ["ignore", "inherit", "inherit"] });
    writeVerdict(verdictDisk, { files: {}, commandStatus: await child.exited });
    return;
  }
  const files: Record<string, FileVerdict> = {};
  for (const path of plan.work.files) {
    const result = await runFile(path, undefined, plan.work.fileTimeoutMs);
    report(result);
    files[path] = result.verdict;
    writeVerdict(verdictDisk, { files });
  }
}

function writeVerdict(disk: string, verdict: Verdict): void {
  const fd = openSync(disk, "r+");
  writeSync(fd, encodeVerdict(verdict));
  fsyncSync(fd);
  closeSync(fd);
}

function report({ path, verdict, output, seconds }: FileResult): void {
  const { passed, failed, skipped } = verdict.tally;
  if (failed > 0) {
    console.log(output);
  }
  const word = failed > 0 ? "FAIL" : "pass";
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  console.log(`${word}  ${path}  ${counts}  (${seconds.toFixed(2)} s)`);
}

const [verdictDisk] = process.argv.slice(2);
if (verdictDisk === undefined) {
  throw new Error("usage: main.ts VERDICT_DISK");
}
await main(verdictDisk);
