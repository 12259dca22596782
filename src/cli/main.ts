// The command line of `ocicat`: everything but the OCI verbs. Finds the command in the table and maps
// failures to exit codes:
//
//   125   the command line makes no sense; 1, or what the command says, when it fails

import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { OtherProgramNeeded } from "../error/other-program.ts";
import { closestWord } from "../error/similar-words.ts";
import type { LaunchNotes } from "../sys/launch-notes.ts";
import type { Command } from "./command.ts";
import type { CommandEntry, CommandGroup } from "./command-entry.ts";
import { describeFailure } from "./describe-failure.ts";
import { findEntry } from "./find-entry.ts";
import { UsageError } from "./flags.ts";
import { QUICK_COMMANDS } from "./quick-commands.ts";
import { writeError, writeOutput } from "./write-text.ts";

const USAGE_MISTAKE = 125;
/** What a shell shows for a program that SIGPIPE ended. */
const NO_READER = 141;

const VERSION_FLAGS = ["--version", "-v"];
const HELP_WORDS = ["--help", "-h", "help"];

/** Returns the exit code. */
export async function ocicatMain(
  words: readonly string[],
  notes: LaunchNotes | undefined,
): Promise<number> {
  const [word = ""] = words;
  const quick = Object.hasOwn(QUICK_COMMANDS, word) ? QUICK_COMMANDS[word] : undefined;
  if (quick !== undefined) {
    return dispatch({ name: `ocicat ${word}`, entry: quick }, words.slice(1), notes);
  }
  const { OCICAT } = await import("./command-table.ts");
  const all = VERSION_FLAGS.includes(word) ? ["version"] : words;
  return dispatch({ name: "ocicat", entry: OCICAT }, all, notes);
}

interface Found {
  /** As it was typed. */
  readonly name: string;
  readonly entry: CommandEntry | CommandGroup;
}

async function dispatch(
  { name, entry }: Found,
  words: readonly string[],
  notes: LaunchNotes | undefined,
): Promise<number> {
  if ("load" in entry) {
    return execute(name, await entry.load(), { words, notes });
  }
  const [word = "--help", ...rest] = words;
  if (HELP_WORDS.includes(word)) {
    return showHelp(name, entry, rest);
  }
  const next = findEntry(entry, word);
  if (next === undefined) {
    writeError(await unknownCommand(name, entry, word));
    return USAGE_MISTAKE;
  }
  return dispatch({ name: `${name} ${word}`, entry: next }, rest, notes);
}

/** `ocicat help image ls` is `ocicat image ls --help`. */
async function showHelp(
  name: string,
  group: CommandGroup,
  words: readonly string[],
): Promise<number> {
  if (words.length > 0) {
    return dispatch({ name, entry: group }, [...words, "--help"], undefined);
  }
  const { groupHelp } = await import("./help.ts");
  writeOutput(groupHelp(name, group));
  return 0;
}

async function unknownCommand(
  name: string,
  { commands }: CommandGroup,
  word: string,
): Promise<string> {
  const { refusalOf } = await import("./refused-commands.ts");
  const refusal = refusalOf([...name.split(" ").slice(1), word].join(" "));
  if (refusal !== undefined) {
    const { reason, hint: advice } = refusal;
    return `${name}: ${word}: ${reason}${advice === undefined ? "" : `\nhint: ${advice}`}\n`;
  }
  if (word.startsWith("-")) {
    const flag = word.split("=", 1)[0] ?? "";
    const isPlace = flag === "--root" || flag === "--store";
    const hint = isPlace
      ? `it stands behind the command: ${name} COMMAND ${flag} DIR`
      : "flags stand behind the command; `ocicat config` shows what holds for all";
    return `${name}: use ${flag}: there is no such flag before the command\nhint: ${hint}\n`;
  }
  const names = Object.entries(commands).flatMap(([each, { aliases = [] }]) => [each, ...aliases]);
  const suggestion = closestWord(word, names);
  const hint = suggestion === undefined ? "" : `\nhint: did you mean ${name} ${suggestion}?`;
  return `${name}: no such command: ${word}; --help lists them${hint}\n`;
}

interface Invocation {
  readonly words: readonly string[];
  readonly notes: LaunchNotes | undefined;
}

async function execute(
  name: string,
  command: Command,
  { words, notes }: Invocation,
): Promise<number> {
  let failureCode = (_error: OcicatError): number => USAGE_MISTAKE;
  try {
    const act = await command.prepare(words, { command: name, notes });
    failureCode = command.failureCode;
    if (act === undefined) {
      const { commandHelp } = await import("./help.ts");
      writeOutput(commandHelp(name, command));
      return 0;
    }
    return await act();
  } catch (error) {
    if (error instanceof OtherProgramNeeded) {
      throw error;
    }
    if (isClosedOutput(error)) {
      return NO_READER;
    }
    writeError(`${name}: ${describeFailure(error)}\n`);
    if (!(error instanceof OcicatError)) {
      return 1;
    }
    return error instanceof UsageError ? USAGE_MISTAKE : failureCode(error);
  }
}

/** `ocicat images | head -1`: nothing went wrong. */
function isClosedOutput(error: unknown): boolean {
  return (
    error instanceof OcicatError &&
    error.errno === Errno.EPIPE &&
    error.subject === "standard output"
  );
}
