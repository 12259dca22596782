// top: the processes of a container.

import { containerProcesses } from "../../engine/containers/container-processes.ts";
import { defineCommand } from "../command.ts";
import { listProcesses } from "../select-processes.ts";
import { formatTable } from "../terminal/table.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, withLatest } from "./latest.ts";

export const top = defineCommand({
  usage: ["[FLAGS] CONTAINER [OPTIONS OF ps(1)]"],
  about: `Shows the processes of a container that runs, as the host's ps does. Options of ps choose the columns,
of which one has to be PID; -ef by default.`,
  flags: { ...LATEST_FLAG, ...PLACE_FLAGS },
  args: { min: 1, unless: isLatest },
  placement: "first",
  completes: "container",
  examples: ["ocicat top web", "ocicat top web -o pid,user,%cpu,args"],
  async act(flags) {
    const [word = "", ...options] = await withLatest(flags);
    const pids = await containerProcesses(word, placeOptions(flags));
    writeOutput(inColumns(listProcesses(options, pids)));
    return 0;
  },
});

const MINIMAL_WIDTH = 20;

/** As docker draws them. The last column has what is left of each line. */
function inColumns(text: string): string {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const names = words(head);
  return formatTable([names, ...lines.map((line) => cells(line, names.length))], MINIMAL_WIDTH);
}

function cells(line: string, count: number): string[] {
  const all = words(line);
  return [...all.slice(0, count - 1), all.slice(count - 1).join(" ")];
}

function words(line: string): string[] {
  return line.trim().split(/\s+/);
}
