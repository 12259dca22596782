// volume rm: removes volumes with all that is in them.

import { removeVolume } from "../../engine/volumes/volume-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { wantedVolumes } from "./wanted-volumes.ts";

const NO_ONE_ENDED = {
  reason: "a volume that a container has is not removed, so none has to be ended",
  hint: "`ocicat rm -f --volumes CONTAINER` removes both",
};

export const rm = defineCommand({
  usage: ["[FLAGS] VOLUME...", "[FLAGS] --all"],
  about: "Removes volumes with all that is in them, unless a container has them.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "every volume" },
    force: { kind: "switch", aliases: ["f"], help: "one that is gone is no error" },
    ...PLACE_FLAGS,
  },
  refused: () => Promise.resolve({ time: NO_ONE_ENDED, t: NO_ONE_ENDED }),
  args: { min: 1, unless: (flags) => flags.switch("all") },
  completes: "volume",
  examples: ["ocicat volume rm data"],
  async act(flags, { command }) {
    return forEachContainer(await wantedVolumes(flags), command, async (name) => {
      const removed = removeVolume(name, placeOptions(flags));
      await (flags.switch("force") ? removed.catch(unlessMissing) : removed);
      return name;
    });
  },
});
