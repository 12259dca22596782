// logs: what containers have written.

import { type LogOptions, readContainerLogs } from "../../engine/containers/container-log.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { STDERR } from "../../holder/attach-protocol.ts";
import type { LogEntry } from "../../holder/log-entry.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { shortId } from "../terminal/short-id.ts";
import { writeErrorBytes, writeOutputBytes } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, withLatest } from "./latest.ts";
import { PERIOD_FLAGS, parsePeriod } from "./moments.ts";

export const LOGS_FLAGS = {
  follow: { kind: "switch", aliases: ["f"], help: "go on until the containers have ended" },
  ...PERIOD_FLAGS,
  tail: {
    kind: "text",
    aliases: ["n"],
    value: "LINES",
    help: "so many from the end; all by default",
  },
  timestamps: { kind: "switch", aliases: ["t"], help: "with the time of each line" },
  names: { kind: "switch", help: "each line behind the name of its container" },
  color: { kind: "switch", help: "these names, or IDs, in colours" },
  ...LATEST_FLAG,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

const OWN_FLAGS = {
  ...LOGS_FLAGS,
  details: { kind: "switch", help: "with what a log driver adds: for the file, nothing" },
} as const satisfies FlagTable;

export const logs = defineCommand({
  usage: ["[FLAGS] CONTAINER..."],
  about: `Shows what containers have written: their standard output here, their standard error there. Where it is
more than one, each line stands behind the container's ID.`,
  flags: OWN_FLAGS,
  args: { min: 1, unless: isLatest },
  completes: "container",
  examples: [
    "ocicat logs web",
    "ocicat logs -f --tail 20 web",
    "ocicat logs --since 10m -t web",
    "ocicat logs -f --names --color web db",
  ],
  act: logsCommand,
});

async function logsCommand(flags: FlagsOf<typeof OWN_FLAGS>): Promise<number> {
  const words = await withLatest(flags);
  const details = flags.switch("details");
  return await showLogs(words, flags, { labels: words.length > 1, details });
}

export interface LogStyle {
  /** Whether each line stands behind its container's ID. With --names it is the name, in any case. */
  readonly labels: boolean;
  readonly details?: boolean;
}

export async function showLogs(
  words: readonly string[],
  flags: FlagsOf<typeof LOGS_FLAGS>,
  { labels, details = false }: LogStyle,
): Promise<number> {
  const hasNames = flags.switch("names");
  let count = 0;
  await readContainerLogs(words, logOptions(flags), ({ id, name }) => {
    const text = hasNames ? name : shortId(id);
    const label = flags.switch("color") ? coloured(text, count) : text;
    count += 1;
    const writer = new EntryWriter({
      label: labels || hasNames ? `${label} ` : "",
      timestamps: flags.switch("timestamps"),
      details,
    });
    return (entry) => writer.write(entry);
  });
  return 0;
}

/** Of a terminal: green, yellow, blue, magenta, cyan, red. */
const COLOURS = [32, 33, 34, 35, 36, 31];

function coloured(text: string, index: number): string {
  return `\x1b[${COLOURS[index % COLOURS.length]}m${text}\x1b[0m`;
}

function logOptions(flags: FlagsOf<typeof LOGS_FLAGS>): LogOptions {
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

interface EntryStyle {
  /** Stands before each line. */
  readonly label: string;
  readonly timestamps: boolean;
  /** Docker's place for what a log driver adds, with nothing in it. */
  readonly details: boolean;
}

/** Puts lines together again that have several entries. Each entry is one write. */
class EntryWriter {
  readonly #style: EntryStyle;
  readonly #inLine = new Set<number>();

  constructor(style: EntryStyle) {
    this.#style = style;
  }

  write({ time, stream, endsLine, content }: LogEntry): void {
    const { label, timestamps, details } = this.#style;
    const write = stream === STDERR ? writeErrorBytes : writeOutputBytes;
    const start = `${label}${timestamps ? `${time} ` : ""}${details ? " " : ""}`;
    const head = this.#inLine.has(stream) ? "" : start;
    write(Buffer.concat([Buffer.from(head), content, Buffer.from(endsLine ? "\n" : "")]));
    if (endsLine) {
      this.#inLine.delete(stream);
    } else {
      this.#inLine.add(stream);
    }
  }
}
