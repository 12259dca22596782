// stop: ends containers, politely first.

import { stopContainer } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { parseSignal } from "../signal-argument.ts";
import {
  forEachContainer,
  PLACE_FLAGS,
  parseSeconds,
  placeOptions,
  TIME_FLAG,
} from "./container-flags.ts";

export const stop = defineCommand({
  usage: ["[FLAGS] CONTAINER..."],
  about: "Sends a container its stop signal, and kills it if it has not ended in time.",
  flags: {
    signal: { kind: "text", aliases: ["s"], value: "SIGNAL", help: "instead of the container's" },
    ...TIME_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat stop web", "ocicat stop -t 0 web db"],
  act(flags, { command }) {
    const time = flags.text("time");
    const signal = flags.text("signal");
    const options = {
      ...placeOptions(flags),
      ...(time === undefined ? {} : { timeoutMs: parseSeconds(time, "--time") }),
      ...(signal === undefined ? {} : { signal: parseSignal(signal) }),
    };
    return forEachContainer(flags.args, command, async (word) => {
      await stopContainer(word, options);
      return word;
    });
  },
});
