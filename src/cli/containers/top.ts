// top: the processes of a container.

import { containerProcesses } from "../../engine/containers/container-processes.ts";
import { processDetails } from "../../engine/containers/process-details.ts";
import { defineCommand } from "../command.ts";
import { listProcesses } from "../select-processes.ts";
import { showText } from "../terminal/printable.ts";
import { formatTable } from "../terminal/table.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, withLatest } from "./latest.ts";
import { describedProcesses, parseDescriptors } from "./top-descriptors.ts";

export const TOP_ABOUT = `Shows the processes that run, as the host's ps does: options of ps choose the columns, of
which one has to be PID; -ef by default. Or with podman's columns, and pids and users as the container knows them.`;

export const TOP_NOTES = `Columns: args, capamb, capbnd, capeff, capinh, capprm, comm, etime, group, groups, hgroup,
hpid, huser, label, nice, pcpu, pgid, pid, ppid, rgroup, rss, ruser, seccomp, state, stime, time, tty, user, vsz; and
%C, %p... of ps(1). hgroup, hpid and huser are the host's.`;

export const top = defineCommand({
  usage: ["[FLAGS] CONTAINER [OPTIONS OF ps(1)]", "[FLAGS] CONTAINER COLUMN..."],
  about: TOP_ABOUT,
  notes: TOP_NOTES,
  flags: { ...LATEST_FLAG, ...PLACE_FLAGS },
  args: { min: 1, unless: isLatest },
  placement: "first",
  completes: "container",
  examples: [
    "ocicat top web",
    "ocicat top web -o pid,user,%cpu,args",
    "ocicat top web pid user seccomp args",
  ],
  async act(flags) {
    const [word = "", ...options] = await withLatest(flags);
    const pids = await containerProcesses(word, placeOptions(flags));
    const columns = parseDescriptors(options);
    showText(
      columns === undefined
        ? inColumns(listProcesses(options, pids))
        : describedProcesses(columns, processDetails(pids)),
    );
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
