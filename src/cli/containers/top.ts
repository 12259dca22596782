// top: the processes of a container.

import { containerProcesses } from "../../engine/containers/container-processes.ts";
import { defineCommand } from "../command.ts";
import { listProcesses } from "../select-processes.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const top = defineCommand({
  usage: ["[FLAGS] CONTAINER [OPTIONS OF ps(1)]"],
  about: `Shows the processes of a container that runs, as the host's ps does. Options of ps choose the columns,
of which one has to be PID; -ef by default.`,
  flags: PLACE_FLAGS,
  args: { min: 1 },
  placement: "first",
  completes: "container",
  examples: ["ocicat top web", "ocicat top web -o pid,user,%cpu,args"],
  async act(flags) {
    const [word = "", ...options] = flags.args;
    const pids = await containerProcesses(word, placeOptions(flags));
    writeOutput(listProcesses(options, pids));
    return 0;
  },
});
