// What a command of `ocicat` is: its arguments, its flags, its help, an action. Help, dispatch and the
// shells' completions are made of it.

import { OcicatError } from "../error/ocicat-error.ts";
import type { LaunchNotes } from "../sys/launch-notes.ts";
import type { FlagPlacement, FlagsOf, FlagTable } from "./flags.ts";
import { parseCommandLine, type Refusals } from "./parse-command-line.ts";

export interface CommandContext {
  /** As it was typed: "ocicat image ls". */
  readonly command: string;
  readonly notes: LaunchNotes | undefined;
}

/** What a shell offers for an argument. */
export type ArgumentKind =
  | ("container" | "pod" | "image" | "volume" | "secret")
  | ("folder" | "file")
  | "none";

export interface CommandText {
  /** The arguments, one line for each form: "SOURCE TARGET". */
  readonly usage: readonly string[];
  /** Sentences between the usage and the flags. */
  readonly about: string;
  /** Sentences behind the flags. */
  readonly notes?: string;
  /** Whole commands. */
  readonly examples: readonly string[];
  readonly completes?: ArgumentKind;
}

export interface ArgumentCount<Table extends FlagTable> {
  readonly min: number;
  readonly max?: number;
  /** Whether none is needed, for the sake of a flag: --all. */
  readonly unless?: (flags: FlagsOf<Table>) => boolean;
}

export interface CommandDefinition<Table extends FlagTable> extends CommandText {
  readonly flags: Table;
  /** Loaded when an unknown flag is given. */
  readonly refused?: () => Promise<Refusals>;
  /** How many arguments; without a maximum any number. */
  readonly args: ArgumentCount<Table>;
  /** "first" where the arguments have flags of their own. */
  readonly placement?: FlagPlacement;
  /** Returns the exit code. */
  readonly act: (flags: FlagsOf<Table>, context: CommandContext) => number | Promise<number>;
  /** Of this process when the action fails; 1 where it is left out. */
  readonly failureCode?: (error: OcicatError) => number;
}

export interface Command extends CommandText {
  readonly flags: FlagTable;
  readonly failureCode: (error: OcicatError) => number;
  /** Checks the words; what is returned acts. Undefined: help is asked for. */
  prepare(
    words: readonly string[],
    context: CommandContext,
  ): Promise<(() => number | Promise<number>) | undefined>;
}

export function defineCommand<const Table extends FlagTable>(
  definition: CommandDefinition<Table>,
): Command {
  const { args: _, placement: _placement, refused: _refused, act, ...text } = definition;
  return {
    failureCode: () => 1,
    ...text,
    async prepare(words, context) {
      const parsed = await parse(definition, words, context);
      if (parsed === undefined) {
        return undefined;
      }
      if (definition.args.unless?.(parsed) !== true) {
        checkCount(definition, parsed.args.length, context);
      }
      return () => act(parsed, context);
    },
  };
}

/** Reads the words again where the first reading finds a flag that may be one that is refused. */
async function parse<const Table extends FlagTable>(
  { flags, placement = "anywhere", refused }: CommandDefinition<Table>,
  words: readonly string[],
  { command }: CommandContext,
): Promise<FlagsOf<Table> | undefined> {
  const line = { command, flags, placement };
  try {
    return parseCommandLine(line, words);
  } catch (error) {
    if (refused === undefined) {
      throw error;
    }
    return parseCommandLine({ ...line, refused: await refused() }, words);
  }
}

function checkCount<Table extends FlagTable>(
  { args: { min, max }, usage }: CommandDefinition<Table>,
  count: number,
  { command }: CommandContext,
): void {
  if (count >= min && count <= (max ?? count)) {
    return;
  }
  throw new OcicatError("invalid-argument", {
    operation: "use",
    subject: `\`${command}\``,
    reason: `it takes ${wantedCount(min, max)}, not ${count === 0 ? "none" : count}`,
    hint: usage.map((form) => `${command} ${form}`.trimEnd()).join("\n      "),
  });
}

function wantedCount(min: number, max: number | undefined): string {
  const words = (count: number): string => (count === 1 ? "one argument" : `${count} arguments`);
  if (max === 0) {
    return "no arguments";
  }
  if (max === undefined) {
    return `at least ${words(min)}`;
  }
  if (min === 0) {
    return `${words(max)} at most`;
  }
  return min === max ? words(min) : `${min} to ${words(max)}`;
}
