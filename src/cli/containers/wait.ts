// wait: for the end of containers.

import { waitForContainer } from "../../engine/containers/await-exit.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const wait = defineCommand({
  usage: ["CONTAINER..."],
  about: "Waits until containers have ended, and prints the exit code of each.",
  flags: PLACE_FLAGS,
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat wait job"],
  act(flags, { command }) {
    const place = placeOptions(flags);
    return forEachContainer(flags.args, command, async (word) =>
      String(await waitForContainer(word, place)),
    );
  },
});
