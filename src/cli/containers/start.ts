// start: containers that are there and do not run.

import { startAttached } from "../../engine/containers/await-exit.ts";
import { containersToBoot, startByName } from "../../engine/containers/container-operations.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const start = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --after-boot"],
  about: "Starts containers that have been created, or have ended.",
  flags: {
    attach: { kind: "switch", aliases: ["a"], help: "stay, as its standard streams" },
    interactive: { kind: "switch", aliases: ["i"], help: "with --attach: its input, too" },
    "after-boot": {
      kind: "switch",
      help: "those with --restart always, or unless-stopped and not stopped by a user",
    },
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: (flags) => flags.switch("after-boot") },
  completes: "container",
  examples: ["ocicat start web", "ocicat start -ai shell", "ocicat start --after-boot"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const words = flags.switch("after-boot") ? await containersToBoot(place) : flags.args;
    if (!flags.switch("attach") && !flags.switch("interactive")) {
      return forEachContainer(words, command, async (word) => {
        await startByName(word, place);
        return word;
      });
    }
    const [word = "", ...others] = words;
    if (others.length > 0) {
      throw new OcicatError("invalid-argument", {
        operation: "attach to",
        subject: `${words.length} containers`,
        reason: "only one can be attached to",
      });
    }
    const end = await startAttached(word, { ...place, noStdin: !flags.switch("interactive") });
    return end.kind === "exited" ? end.code : 0;
  },
});
