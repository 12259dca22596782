// Runs one test file with `bun test` and judges it.

import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../repository.ts";
import { type FileRun, type FileVerdict, judgeFile } from "./file-verdict.ts";
import { Scratch } from "./scratch.ts";

/**
 * For one test, on a machine that is slow and busy: more than what its waits have patience for. A test that needs
 * longer says so itself.
 */
const TEST_TIMEOUT_MS = 120_000;
/** For one file: nothing may hold up the whole run. */
export const FILE_TIMEOUT_MS = 300_000;

export interface FileResult {
  readonly path: string;
  readonly verdict: FileVerdict;
  readonly output: string;
  readonly seconds: number;
}

/** `path` is below `folder`; tests of this module use another folder than the repository. */
export async function runFile(
  path: string,
  folder = REPOSITORY,
  timeoutMs = FILE_TIMEOUT_MS,
): Promise<FileResult> {
  const reports = await mkdtemp(join(tmpdir(), "ocicat-report-"));
  const scratch = new Scratch();
  const begin = performance.now();
  try {
    const place = { folder, reportPath: join(reports, "junit.xml"), scratch };
    const run = await runBunTest(path, place, timeoutMs);
    const seconds = (performance.now() - begin) / 1000;
    return { path, verdict: judgeFile(run), output: run.output, seconds };
  } finally {
    scratch.remove();
    await rm(reports, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly reportPath: string;
  readonly scratch: Scratch;
}

async function runBunTest(path: string, place: Place, timeoutMs: number): Promise<FileRun> {
  const { folder, reportPath, scratch } = place;
  // A file and not a pipe: a process that a test left behind would keep a pipe open.
  const outputPath = `${reportPath}.output`;
  const output = openSync(outputPath, "a");
  const reporter = ["--reporter=junit", `--reporter-outfile=${reportPath}`];
  const child = Bun.spawn(
    [process.execPath, "test", `--timeout=${TEST_TIMEOUT_MS}`, ...reporter, `./${path}`],
    {
      cwd: folder,
      // Bun then refuses test.only and snapshots that are not committed.
      env: { ...process.env, CI: "true", NO_COLOR: "1", TMPDIR: scratch.path },
      stdin: "ignore",
      stdout: output,
      stderr: output,
    },
  );
  closeSync(output);
  const limit = startLimit(child, timeoutMs);
  await child.exited;
  clearTimeout(limit.timer);
  const report = Bun.file(reportPath);
  return {
    status: child.exitCode ?? undefined,
    signal: child.signalCode === null ? undefined : String(child.signalCode),
    isTimeout: limit.hasPassed(),
    leftovers: scratch.leftovers(),
    output: await Bun.file(outputPath).text(),
    report: (await report.exists()) ? await report.text() : undefined,
  };
}

function startLimit(child: Bun.Subprocess, timeoutMs: number) {
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  return { timer, hasPassed: () => passed };
}
