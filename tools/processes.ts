// Runs programs for the tools: to the end, with their output shown or taken.

import { REPOSITORY } from "./repository.ts";

/** A program of the tool chain failed; its own output has said why. */
export class CommandError extends Error {
  readonly status: number;

  constructor(command: readonly string[], status: number) {
    super(`run "${command.join(" ")}": exit status ${status}`);
    this.status = status;
  }
}

/**
 * Runs a command with the tool's own output, in the repository. `variables` are set for it besides
 * those of the tool. Throws CommandError.
 */
export async function runCommand(
  command: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = Bun.spawn([...command], {
    cwd: REPOSITORY,
    env: { ...process.env, ...variables },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  const status = await child.exited;
  if (status !== 0) {
    throw new CommandError(command, status);
  }
}

/** Runs a command and returns what it printed. Throws CommandError, with the output on stderr. */
export async function captureCommand(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd: REPOSITORY,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await new Response(child.stdout).text();
  const status = await child.exited;
  if (status !== 0) {
    console.error(output);
    throw new CommandError(command, status);
  }
  return output;
}

/** Ends a tool whose last word is an error message instead of a stack. */
export async function runTool(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    console.error(error.message);
    process.exitCode = 1;
  }
}
