// `events`: a line of JSON for every event, in runc's shape; `--stats`: the statistics, once.

import { encodeStats } from "../../cgroup/stats.ts";
import { quote } from "../../error/ocicat-error.ts";
import { statsOf, watchEvents } from "../../runtime/events.ts";
import { usageError } from "../flags.ts";
import { writeOutput } from "../write-text.ts";
import { defineCommand } from "./command.ts";

export const events = defineCommand({
  name: "events",
  usage: "ID",
  flags: {
    stats: { kind: "switch", help: "show the statistics once" },
    interval: { kind: "text", value: "DURATION", help: 'time between statistics: "5s"' },
  },
  args: { min: 1, max: 1 },
  act({ stateRoot }, flags) {
    const [id = ""] = flags.args;
    const intervalMs = parseDuration(flags.text("interval") ?? "5s");
    const line = (type: string, data?: string) =>
      `{"type":${quote(type)},"id":${quote(id)}${data === undefined ? "" : `,"data":${data}`}}\n`;
    if (flags.switch("stats")) {
      writeOutput(line("stats", encodeStats(statsOf({ stateRoot, id }))));
      return 0;
    }
    watchEvents({
      stateRoot,
      id,
      intervalMs,
      onEvent: (event) => {
        const data = event.type === "stats" ? encodeStats(event.stats) : undefined;
        writeOutput(line(event.type, data));
      },
    });
    return 0;
  },
});

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** As Go writes durations: "5s", "1m30s", "500ms". */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const total = parts.reduce(
    (sum, [, number, unit = ""]) => sum + Number(number) * (UNITS_MS[unit] ?? 0),
    0,
  );
  if (parts.map(([part]) => part).join("") !== text || total <= 0) {
    throw usageError("duration interval must be greater than 0");
  }
  return total;
}
