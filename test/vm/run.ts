// Runs a program to its end and returns what it said.

import { closeSync, openSync } from "node:fs";

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Takes all output, for a program whose children live on: a pipe would wait for them too. */
  readonly outputFile?: string;
}

const LIMIT_MS = 120_000;

export async function run(
  command: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  return options.outputFile === undefined
    ? await runIntoPipes(command)
    : await runIntoFile(command, options.outputFile);
}

async function runIntoPipes(command: readonly string[]): Promise<CommandResult> {
  const child = Bun.spawn([...command], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { status, stdout, stderr };
}

async function runIntoFile(command: readonly string[], path: string): Promise<CommandResult> {
  const file = openSync(path, "a");
  const child = Bun.spawn([...command], {
    stdio: ["ignore", file, file],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  closeSync(file);
  return { status: await child.exited, stdout: "", stderr: "" };
}
