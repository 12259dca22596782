// `kill`: a signal to the container's first process, SIGTERM unless told otherwise, or to all of them.

import { kill as killContainer } from "../../runtime/kill.ts";
import { parseSignal } from "../signal-argument.ts";
import { defineCommand } from "./command.ts";

export const kill = defineCommand({
  name: "kill",
  usage: "ID [SIGNAL]",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "to all processes of the container" },
  },
  args: { min: 1, max: 2 },
  act({ stateRoot }, flags) {
    const [id = "", signal = "TERM"] = flags.args;
    killContainer({ stateRoot, id, signal: parseSignal(signal), all: flags.switch("all") });
    return 0;
  },
});
