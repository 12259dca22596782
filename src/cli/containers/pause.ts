// pause, unpause: every process of a container stands still, and goes on.

import { pauseByName, unpauseByName } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const pause = defineCommand({
  usage: ["CONTAINER..."],
  about: "Lets every process of the containers stand still.",
  flags: PLACE_FLAGS,
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat pause web"],
  act: (flags, { command }) =>
    forEachContainer(flags.args, command, async (word) => {
      await pauseByName(word, placeOptions(flags));
      return word;
    }),
});

export const unpause = defineCommand({
  usage: ["CONTAINER..."],
  about: "Lets paused containers go on.",
  flags: PLACE_FLAGS,
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat unpause web"],
  act: (flags, { command }) =>
    forEachContainer(flags.args, command, async (word) => {
      await unpauseByName(word, placeOptions(flags));
      return word;
    }),
});
