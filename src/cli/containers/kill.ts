// kill: a signal to containers.

import { killContainer } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { parseSignal } from "../signal-argument.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen } from "./choose-containers.ts";
import { forEachContainer, MANY_AT_ONCE, PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { endingOptions } from "./ending-options.ts";

export const kill = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all|--latest"],
  about: "Sends a signal to the first process of containers that run.",
  flags: {
    signal: {
      kind: "text",
      aliases: ["s"],
      value: "SIGNAL",
      help: "KILL, the default, HUP, 10...",
    },
    ...CHOICE_FLAGS,
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: isChosen },
  completes: "container",
  examples: ["ocicat kill web", "ocicat kill -s HUP web"],
  async act(flags, { command }) {
    const options = {
      ...placeOptions(flags),
      signal: parseSignal(flags.text("signal") ?? "KILL"),
    };
    const words = await chosenContainers(flags);
    const ending = { ...options, ...endingOptions(words.length) };
    const killOne = (word: string) => killContainer(word, ending).then(() => word);
    return forEachContainer(words, command, killOne, MANY_AT_ONCE);
  },
});
