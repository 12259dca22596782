// stop: ends containers, politely first.

import { stopContainer } from "../../engine/containers/container-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { parseSignal } from "../signal-argument.ts";
import { writeOutput } from "../write-text.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen } from "./choose-containers.ts";
import {
  forEachContainer,
  IGNORE_FLAG,
  MANY_AT_ONCE,
  PLACE_FLAGS,
  parsePatience,
  placeOptions,
  requireNoNames,
  TIME_FLAG,
} from "./container-flags.ts";
import { endingOptions } from "./ending-options.ts";

export const stop = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all|--latest", "[FLAGS] --at-shutdown"],
  about: "Sends a container its stop signal, and kills it if it has not ended in time.",
  flags: {
    signal: { kind: "text", aliases: ["s"], value: "SIGNAL", help: "instead of the container's" },
    ...TIME_FLAG,
    ...IGNORE_FLAG,
    "at-shutdown": {
      kind: "switch",
      help: "all that run, as the machine goes down: by its restart policy each comes back",
    },
    ...CHOICE_FLAGS,
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: (flags) => flags.switch("at-shutdown") || isChosen(flags) },
  completes: "container",
  examples: ["ocicat stop web", "ocicat stop --all", "ocicat stop -t 0 web db"],
  async act(flags, { command }) {
    const time = flags.text("time");
    const signal = flags.text("signal");
    const options = {
      ...placeOptions(flags),
      ...(time === undefined ? {} : { timeoutMs: parsePatience(time, "--time") }),
      ...(signal === undefined ? {} : { signal: parseSignal(signal) }),
    };
    if (flags.switch("at-shutdown")) {
      requireNoNames(flags.args, "at-shutdown");
      const { endForShutdown } = await import("../../engine/containers/shutdown-containers.ts");
      const ended = await endForShutdown(options);
      writeOutput(ended.map((word) => `${word}\n`).join(""));
      return 0;
    }
    const words = await chosenContainers(flags);
    const ending = { ...options, ...endingOptions(words.length) };
    const stopOne = (word: string): Promise<string | undefined> => {
      const stopped = stopContainer(word, ending).then(() => word);
      return flags.switch("ignore") ? stopped.catch(unlessMissing) : stopped;
    };
    return forEachContainer(words, command, stopOne, MANY_AT_ONCE);
  },
});
