// secret rm: removes secrets.

import { listSecrets, removeSecret } from "../../engine/secrets/secret-operations.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { badValue } from "../run/values.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] SECRET..."],
  about:
    "Removes secrets. Containers that run keep what they have; one that needs it does not start again.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "remove every secret" },
    ignore: { kind: "switch", aliases: ["i"], help: "one that is gone is no error" },
    ...PLACE_FLAGS,
  },
  args: { min: 0 },
  completes: "secret",
  examples: ["ocicat secret rm db-password", "ocicat secret rm --all"],
  async act(flags, { command }) {
    const options = placeOptions(flags);
    if (flags.switch("all") === flags.args.length > 0) {
      throw badValue("all", String(flags.switch("all")), "name the secrets, or take all of them");
    }
    const words = flags.switch("all")
      ? (await listSecrets(options)).map(({ name }) => name)
      : flags.args;
    return await forEachContainer(words, command, async (word) => {
      try {
        return await removeSecret(word, options);
      } catch (error) {
        const isGone = error instanceof OcicatError && error.code === "not-found";
        if (flags.switch("ignore") && isGone) {
          return word;
        }
        throw error;
      }
    });
  },
});
