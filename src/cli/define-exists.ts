// exists, of every kind of thing: says by its exit code whether one is there.

import { unlessMissing } from "../error/unless-missing.ts";
import { type ArgumentKind, type Command, defineCommand } from "./command.ts";
import type { FlagsOf, FlagTable } from "./flags.ts";

const EXIT_ABSENT = 1;
const EXIT_OWN_FAILURE = 125;

interface Existence<Table extends FlagTable> {
  /** "image". */
  readonly thing: string;
  readonly completes?: ArgumentKind;
  readonly flags: Table;
  readonly example: string;
  /** Undefined, or a failure of the code "not-found": it is not there. */
  readonly find: (word: string, flags: FlagsOf<Table>) => Promise<unknown>;
}

export function defineExists<const Table extends FlagTable>({
  thing,
  completes = "none",
  flags: table,
  example,
  find,
}: Existence<Table>): Command {
  return defineCommand({
    usage: [`[FLAGS] ${thing.toUpperCase()}`],
    about: `Says by its exit code whether the ${thing} is there: 0 when it is, 1 when it is not.`,
    flags: table,
    args: { min: 1, max: 1 },
    completes,
    examples: [example],
    async act(flags) {
      const found = await find(flags.args[0] ?? "", flags).catch(unlessMissing);
      return found === undefined ? EXIT_ABSENT : 0;
    },
    failureCode: () => EXIT_OWN_FAILURE,
  });
}
