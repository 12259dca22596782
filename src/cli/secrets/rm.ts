// secret rm: removes secrets.

import { listSecrets, removeSecret } from "../../engine/secrets/secret-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import {
  forEachContainer,
  IGNORE_FLAG,
  PLACE_FLAGS,
  placeOptions,
  requireNoNames,
} from "../containers/container-flags.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";

const RM_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "remove every secret" },
  ...IGNORE_FLAG,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const rm = defineCommand({
  usage: ["[FLAGS] SECRET...", "[FLAGS] --all"],
  about:
    "Removes secrets. Containers that run keep what they have; one that needs it does not start again.",
  flags: RM_FLAGS,
  args: { min: 1, unless: (flags) => flags.switch("all") },
  completes: "secret",
  examples: ["ocicat secret rm db-password", "ocicat secret rm --all"],
  async act(flags, { command }) {
    const options = placeOptions(flags);
    const words = await wordsOf(flags);
    return forEachContainer(words, command, async (word) => {
      const removed = removeSecret(word, options);
      return (await (flags.switch("ignore") ? removed.catch(unlessMissing) : removed)) ?? word;
    });
  },
});

async function wordsOf(flags: FlagsOf<typeof RM_FLAGS>): Promise<readonly string[]> {
  if (!flags.switch("all")) {
    return flags.args;
  }
  requireNoNames(flags.args, "all");
  return (await listSecrets(placeOptions(flags))).map(({ name }) => name);
}
