// start: containers that are there and do not run.

import { startAttached } from "../../engine/containers/await-exit.ts";
import { startByName } from "../../engine/containers/container-operations.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const start = defineCommand({
  usage: ["[FLAGS] CONTAINER..."],
  about: "Starts containers that have been created, or have ended.",
  flags: {
    attach: { kind: "switch", aliases: ["a"], help: "stay, as its standard streams" },
    interactive: { kind: "switch", aliases: ["i"], help: "with --attach: its input, too" },
    ...PLACE_FLAGS,
  },
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat start web", "ocicat start -ai shell"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    if (!flags.switch("attach") && !flags.switch("interactive")) {
      return forEachContainer(flags.args, command, async (word) => {
        await startByName(word, place);
        return word;
      });
    }
    const [word = "", ...others] = flags.args;
    if (others.length > 0) {
      throw new OcicatError("invalid-argument", {
        operation: "attach to",
        subject: `${flags.args.length} containers`,
        reason: "only one can be attached to",
      });
    }
    const end = await startAttached(word, { ...place, noStdin: !flags.switch("interactive") });
    return end.kind === "exited" ? end.code : 0;
  },
});
