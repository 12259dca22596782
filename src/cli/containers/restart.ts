// restart: stop and start.

import { restartContainer, stopContainer } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { parseSignal } from "../signal-argument.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen } from "./choose-containers.ts";
import {
  forEachContainer,
  PLACE_FLAGS,
  parseSeconds,
  placeOptions,
  prepareContainers,
  TIME_FLAG,
} from "./container-flags.ts";

export const restart = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all|--latest"],
  about: "Stops a container, if it runs, and starts it again.",
  flags: {
    signal: { kind: "text", aliases: ["s"], value: "SIGNAL", help: "instead of the container's" },
    ...TIME_FLAG,
    ...CHOICE_FLAGS,
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: isChosen },
  completes: "container",
  examples: ["ocicat restart web"],
  async act(flags, { command }) {
    const time = flags.text("time");
    const signal = flags.text("signal");
    const options = {
      ...placeOptions(flags),
      ...(time === undefined ? {} : { timeoutMs: parseSeconds(time, "--time") }),
      ...(signal === undefined ? {} : { signal: parseSignal(signal) }),
    };
    const words = await chosenContainers(flags, "all");
    if (words.length > 1) {
      await prepareContainers(words, (word) => stopContainer(word, options));
    }
    return forEachContainer(words, command, async (word) => {
      await restartContainer(word, options);
      return word;
    });
  },
});
