// restart: stop and start.

import { restartContainer } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import {
  forEachContainer,
  PLACE_FLAGS,
  parseSeconds,
  placeOptions,
  TIME_FLAG,
} from "./container-flags.ts";

export const restart = defineCommand({
  usage: ["[FLAGS] CONTAINER..."],
  about: "Stops a container, if it runs, and starts it again.",
  flags: {
    ...TIME_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat restart web"],
  act(flags, { command }) {
    const time = flags.text("time");
    const place = placeOptions(flags);
    const timeout = time === undefined ? {} : { timeoutMs: parseSeconds(time, "--time") };
    return forEachContainer(flags.args, command, async (word) => {
      await restartContainer(word, { ...place, ...timeout });
      return word;
    });
  },
});
