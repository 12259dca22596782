// `ps`: the processes of a container: the lines of ps(1) that are about them, or their pids as JSON.

import { processesOf } from "../../runtime/ps.ts";
import { listProcesses } from "../select-processes.ts";
import { writeOutput } from "../write-text.ts";
import { defineCommand } from "./command.ts";
import { FORMAT_FLAG, parseFormat } from "./format-flag.ts";

export const ps = defineCommand({
  name: "ps",
  usage: "ID [OPTIONS OF ps(1)]",
  flags: { format: FORMAT_FLAG },
  args: { min: 1 },
  placement: "first",
  act({ stateRoot }, flags) {
    const format = parseFormat(flags.text("format"));
    const [id = "", ...options] = flags.args;
    const pids = processesOf({ stateRoot, id });
    // go-runc reads "null" where there are none.
    const json = pids.length === 0 ? "null" : JSON.stringify(pids);
    writeOutput(format === "json" ? `${json}\n` : listProcesses(options, pids));
    return 0;
  },
});
