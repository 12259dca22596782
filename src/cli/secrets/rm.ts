// secret rm: removes secrets.

import { listSecrets, removeSecret } from "../../engine/secrets/secret-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { badValue } from "../run/bad-value.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] SECRET...", "[FLAGS] --all"],
  about:
    "Removes secrets. Containers that run keep what they have; one that needs it does not start again.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "remove every secret" },
    ignore: { kind: "switch", aliases: ["i"], help: "one that is gone is no error" },
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: (flags) => flags.switch("all") },
  completes: "secret",
  examples: ["ocicat secret rm db-password", "ocicat secret rm --all"],
  async act(flags, { command }) {
    const options = placeOptions(flags);
    if (flags.switch("all") && flags.args.length > 0) {
      throw badValue("all", "true", "name the secrets, or take all of them");
    }
    const words = flags.switch("all")
      ? (await listSecrets(options)).map(({ name }) => name)
      : flags.args;
    return forEachContainer(words, command, async (word) => {
      const removed = removeSecret(word, options);
      return (await (flags.switch("ignore") ? removed.catch(unlessMissing) : removed)) ?? word;
    });
  },
});
