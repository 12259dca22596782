// system reset: removes everything.

import { resetSystem } from "../../engine/system/reset-system.ts";
import { defineCommand } from "../command.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { PLACE_FLAGS, placeOptions } from "./place-flags.ts";

export const reset = defineCommand({
  usage: ["[FLAGS]"],
  about: `Kills and removes all pods and containers, and removes all volumes, secrets and images. Settings, logins and
what \`ocicat events\` tells stay.`,
  flags: {
    force: { kind: "switch", aliases: ["f"], help: "do not ask" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat system reset", "ocicat system reset --force"],
  async act(flags) {
    const question =
      "This kills and removes all containers, and removes all images, volumes and secrets. Continue?";
    if (!flags.switch("force") && !confirmRemoval("everything", question)) {
      return 1;
    }
    await resetSystem(placeOptions(flags));
    return 0;
  },
});
