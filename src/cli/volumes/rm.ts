// volume rm: removes volumes with all that is in them.

import { removeVolume } from "../../engine/volumes/volume-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] VOLUME..."],
  about: "Removes volumes with all that is in them, unless a container has them.",
  flags: {
    force: { kind: "switch", aliases: ["f"], help: "one that is gone is no error" },
    ...PLACE_FLAGS,
  },
  args: { min: 1 },
  completes: "volume",
  examples: ["ocicat volume rm data"],
  act(flags, { command }) {
    return forEachContainer(flags.args, command, async (name) => {
      const removed = removeVolume(name, placeOptions(flags));
      await (flags.switch("force") ? removed.catch(unlessMissing) : removed);
      return name;
    });
  },
});
