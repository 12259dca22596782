// restart: stop and start.

import { neededFirst } from "../../engine/containers/dependents.ts";
import { restartContainer, stopToRestart } from "../../engine/containers/restart-container.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { parseSignal } from "../signal-argument.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen } from "./choose-containers.ts";
import {
  forEachContainer,
  PLACE_FLAGS,
  parsePatience,
  placeOptions,
  prepareContainers,
  TIME_FLAG,
} from "./container-flags.ts";
import { endingOptions } from "./ending-options.ts";

const RESTART_FLAGS = {
  signal: { kind: "text", aliases: ["s"], value: "SIGNAL", help: "instead of the container's" },
  ...TIME_FLAG,
  running: { kind: "switch", help: "all that run, and no other" },
  ...CHOICE_FLAGS,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const restart = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all|--latest|--running"],
  about: "Stops a container, if it runs, and starts it again.",
  flags: RESTART_FLAGS,
  args: { min: 1, unless: (flags) => isChosen(flags) || flags.switch("running") },
  completes: "container",
  examples: ["ocicat restart web"],
  async act(flags, { command }) {
    const time = flags.text("time");
    const signal = flags.text("signal");
    const options = {
      ...placeOptions(flags),
      ...(time === undefined ? {} : { timeoutMs: parsePatience(time, "--time") }),
      ...(signal === undefined ? {} : { signal: parseSignal(signal) }),
    };
    // One that joins another's namespaces needs that to run.
    const words = await neededFirst(await wordsOf(flags), placeOptions(flags));
    const ending = { ...options, ...endingOptions(words.length) };
    if (words.length > 1) {
      await prepareContainers(words, (word) => stopToRestart(word, ending));
    }
    return forEachContainer(words, command, async (word) => {
      await restartContainer(word, ending);
      return word;
    });
  },
});

function wordsOf(flags: FlagsOf<typeof RESTART_FLAGS>): Promise<readonly string[]> {
  return flags.switch("running")
    ? chosenContainers(flags, ["running", "paused"], "running")
    : chosenContainers(flags, "all");
}
