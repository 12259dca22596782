// logs: what a container has written.

import { type LogOptions, readContainerLog } from "../../engine/containers/container-log.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { STDERR } from "../../holder/attach-protocol.ts";
import type { LogEntry } from "../../holder/log-entry.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { writeErrorBytes, writeOutputBytes } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { PERIOD_FLAGS, parsePeriod } from "./moments.ts";

export const LOGS_FLAGS = {
  follow: { kind: "switch", aliases: ["f"], help: "go on until the container has ended" },
  ...PERIOD_FLAGS,
  tail: {
    kind: "text",
    aliases: ["n"],
    value: "LINES",
    help: "so many from the end; all by default",
  },
  timestamps: { kind: "switch", aliases: ["t"], help: "with the time of each line" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const logs = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: "Shows what a container has written: its standard output here, its standard error there.",
  flags: LOGS_FLAGS,
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat logs web", "ocicat logs -f --tail 20 web", "ocicat logs --since 10m -t web"],
  act: logsCommand,
});

async function logsCommand(flags: FlagsOf<typeof LOGS_FLAGS>): Promise<number> {
  const options = logOptions(flags);
  const writer = new EntryWriter(flags.switch("timestamps"));
  await readContainerLog(flags.args[0] ?? "", options, (entry) => writer.write(entry));
  return 0;
}

export function logOptions(flags: FlagsOf<typeof LOGS_FLAGS>): LogOptions {
  const tail = parseTail(flags.text("tail") ?? "all");
  return {
    ...placeOptions(flags),
    follow: flags.switch("follow"),
    ...(tail === undefined ? {} : { tail }),
    ...parsePeriod(flags),
  };
}

function parseTail(text: string): number | undefined {
  if (text === "all" || text === "-1") {
    return undefined;
  }
  if (!/^\d{1,9}$/.test(text)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--tail ${quote(text)}`,
      reason: 'it is neither a number of lines nor "all"',
    });
  }
  return Number(text);
}

/** Puts lines together again that have several entries. Each entry is one write. */
export class EntryWriter {
  readonly #timestamps: boolean;
  readonly #label: string;
  readonly #inLine = new Set<number>();

  /** `label`: stands before each line. */
  constructor(timestamps: boolean, label = "") {
    this.#timestamps = timestamps;
    this.#label = label;
  }

  write({ time, stream, endsLine, content }: LogEntry): void {
    const write = stream === STDERR ? writeErrorBytes : writeOutputBytes;
    const start = `${this.#label}${this.#timestamps ? `${time} ` : ""}`;
    const head = this.#inLine.has(stream) ? "" : start;
    write(Buffer.concat([Buffer.from(head), content, Buffer.from(endsLine ? "\n" : "")]));
    if (endsLine) {
      this.#inLine.delete(stream);
    } else {
      this.#inLine.add(stream);
    }
  }
}
