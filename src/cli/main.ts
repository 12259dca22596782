// The command line of `ocicat`: everything but the OCI verbs.

import packageFile from "../../package.json" with { type: "json" };
import type { LaunchNotes } from "../sys/launch-notes.ts";
import { describeFailure } from "./describe-failure.ts";
import { writeError, writeOutput } from "./write-text.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<
    (words: readonly string[], notes: LaunchNotes | undefined) => number | Promise<number>
  >;
}

/** Dispatch and help are made from this table. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "run a container from an image, a folder or the built-in hello",
    load: async () => (await import("./run.ts")).runCommand,
  },
  explain: {
    summary: "show the system calls that would make a container",
    load: async () => (await import("./explain.ts")).explain,
  },
};

/** Returns the exit code. */
export async function ocicatMain(
  words: readonly string[],
  notes: LaunchNotes | undefined,
): Promise<number> {
  const [name = "--help", ...rest] = words;
  if (name === "--version" || name === "-v" || name === "version") {
    writeOutput(`ocicat ${packageFile.version}\n`);
    return 0;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    writeOutput(helpText());
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    writeError(`ocicat: no such command: ${name}; --help lists them\n`);
    return 1;
  }
  try {
    const command = await entry.load();
    return await command(rest, notes);
  } catch (error) {
    writeError(`ocicat ${name}: ${describeFailure(error)}\n`);
    return 1;
  }
}

function helpText(): string {
  const entries = [
    ...Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]),
    ["runtime", "the commands of ocicat-runtime, the OCI command line"],
    ["version", "show the version"],
  ];
  const lines = entries.map(([name = "", summary]) => `  ${name.padEnd(10)}${summary}\n`);
  return `ocicat: containers\n\nusage: ocicat COMMAND [ARGUMENTS]\n\ncommands:\n${lines.join("")}`;
}
