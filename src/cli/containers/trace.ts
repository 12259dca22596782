// trace: why did it take so long to start?

import { type StartTrace, traceStart } from "../../engine/containers/trace-start.ts";
import { quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { usageError } from "../flags.ts";
import { formatTable } from "../terminal/table.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const trace = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: `Shows the phases of a container's last start, from the beginning of the command (or, where its restart
policy or another command started it, of the start itself) to the execution of its process, with the time that
each took. They were measured then; nothing is started.`,
  flags: {
    format: { kind: "text", value: "FORMAT", help: "table or json" },
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat trace web", "ocicat trace --format json web"],
  async act(flags) {
    const format = flags.text("format") ?? "table";
    if (format !== "table" && format !== "json") {
      throw usageError(`--format ${quote(format)}: it is table or json`);
    }
    const traced = await traceStart(flags.args[0] ?? "", placeOptions(flags));
    writeOutput(format === "json" ? `${JSON.stringify(traced, undefined, 2)}\n` : table(traced));
    return 0;
  },
});

const WIDEST_BAR = 24;

/** Exported for its tests. */
export function table({ phases, totalMs }: StartTrace): string {
  const longest = Math.max(...phases.map(({ share }) => share));
  const scale = longest === 0 ? 0 : WIDEST_BAR / longest;
  const width = milliseconds(totalMs).length;
  const row = (name: string, ms: number, [share, bar, about]: readonly string[]): string[] => [
    name,
    milliseconds(ms).padStart(width),
    share ?? "",
    bar ?? "",
    about ?? "",
  ];
  return formatTable([
    ["PHASE", "ms".padStart(width), "SHARE", "", ""],
    ...phases.map(({ phase, about, milliseconds: ms, share }) =>
      row(phase, ms, [percent(share), "=".repeat(Math.round(share * scale)), about]),
    ),
    row("total", totalMs, [percent(1)]),
  ]).replaceAll(/ +$/gm, "");
}

function milliseconds(value: number): string {
  return value.toFixed(2);
}

function percent(share: number): string {
  return `${String(Math.round(share * 100)).padStart(3)} %`;
}
