// What a verb of the OCI command line is: a flag table, a number of arguments, and an action.

import {
  type FlagPlacement,
  type FlagsOf,
  type FlagTable,
  parseFlags,
  usageError,
} from "../flags.ts";

/** What the flags before the verb, and the caller's environment, say to every verb. */
export interface CommandContext {
  readonly stateRoot: string;
  readonly systemdCgroup: boolean;
  /** Undefined: the runtime finds out. */
  readonly rootless: boolean | undefined;
  /** Descriptors from 3 on that the caller left open; undefined: unknown. */
  readonly inheritedFds: readonly number[] | undefined;
  readonly onWarning: (text: string) => void;
}

export interface CommandDefinition<Table extends FlagTable> {
  readonly name: string;
  /** "ID [SIGNAL]" */
  readonly usage: string;
  readonly flags: Table;
  /** How many arguments; without a maximum any number. */
  readonly args: { readonly min: number; readonly max?: number };
  /** "first" where the arguments have flags of their own. */
  readonly placement?: FlagPlacement;
  /** Returns the exit code. */
  readonly act: (context: CommandContext, flags: FlagsOf<Table>) => number | Promise<number>;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly flags: FlagTable;
  /** False: `--help` fails as the command itself does. */
  readonly offersHelp?: false;
  /** Asks for the context once the command line is known to make sense. */
  execute(words: readonly string[], context: () => CommandContext): number | Promise<number>;
}

export function defineCommand<Table extends FlagTable>(
  definition: CommandDefinition<Table>,
): Command {
  const { name, usage, flags, args, placement = "anywhere", act } = definition;
  return {
    name,
    usage,
    flags,
    execute(words, context) {
      const parsed = parseFlags(flags, words, placement);
      checkCount(name, parsed.args.length, args);
      return act(context(), parsed);
    },
  };
}

function checkCount(
  name: string,
  count: number,
  { min, max }: { readonly min: number; readonly max?: number },
): void {
  if (count >= min && count <= (max ?? count)) {
    return;
  }
  const wanted = (() => {
    if (min === max) {
      return `exactly ${min} argument(s)`;
    }
    return count < min
      ? `a minimum of ${min} argument(s)`
      : `a maximum of ${max ?? count} argument(s)`;
  })();
  throw usageError(`ocicat-runtime: "${name}" requires ${wanted}`);
}
