// rename: another name for a container.

import { withoutSlash } from "../../engine/containers/container-names.ts";
import { renameContainer } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const rename = defineCommand({
  usage: ["CONTAINER NAME"],
  about: "Gives a container another name. It may run.",
  flags: PLACE_FLAGS,
  args: { min: 2, max: 2 },
  completes: "container",
  examples: ["ocicat rename spotted_ocicat web"],
  async act(flags) {
    const [word = "", name = ""] = flags.args;
    await renameContainer(word, withoutSlash(name), placeOptions(flags));
    return 0;
  },
});
