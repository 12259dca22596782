// Runs a program and takes all that it says, for code that looks at failures as results.

export type CommandResult = {
  /** 128 + the signal's number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type CommandOptions = {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** After this long the program is killed. */
  readonly seconds?: number;
};

export async function run(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = Bun.spawn([...command], {
    stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...options.environment },
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    timeout: (options.seconds ?? 120) * 1000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Runs a program that has to succeed; returns its standard output. */
export async function must(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await run(command, options);
  if (result.code !== 0) {
    throw new Error(
      `run "${command.join(" ")}": exit status ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout;
}
