// pause, unpause: every process of a container stands still, and goes on.

import { pauseByName, unpauseByName } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen } from "./choose-containers.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const pause = defineCommand({
  usage: ["CONTAINER...", "--all|--latest"],
  about: "Lets every process of the containers stand still.",
  flags: { ...CHOICE_FLAGS, ...PLACE_FLAGS },
  args: { min: 1, unless: isChosen },
  completes: "container",
  examples: ["ocicat pause web"],
  async act(flags, { command }) {
    return forEachContainer(await chosenContainers(flags, ["running"]), command, async (word) => {
      await pauseByName(word, placeOptions(flags));
      return word;
    });
  },
});

export const unpause = defineCommand({
  usage: ["CONTAINER...", "--all|--latest"],
  about: "Lets paused containers go on.",
  flags: { ...CHOICE_FLAGS, ...PLACE_FLAGS },
  args: { min: 1, unless: isChosen },
  completes: "container",
  examples: ["ocicat unpause web"],
  async act(flags, { command }) {
    return forEachContainer(await chosenContainers(flags, ["paused"]), command, async (word) => {
      await unpauseByName(word, placeOptions(flags));
      return word;
    });
  },
});
