// stats: what containers use, with docker's columns and fields.

import {
  type ContainerUsage,
  type Usage,
  type UsageOptions,
  watchUsage,
} from "../../engine/containers/container-usage.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { inPlace } from "../terminal/in-place.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { shortId } from "../terminal/short-id.ts";
import { binarySize, humanSize } from "../terminal/sizes.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, parseSeconds, placeOptions } from "./container-flags.ts";
import { LATEST_FLAG, withLatest } from "./latest.ts";

/** Of how it is shown. */
export const USAGE_FLAGS = {
  format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
  "no-stream": { kind: "switch", help: "show it once" },
  "no-trunc": { kind: "switch", help: "show whole IDs" },
  "no-reset": { kind: "switch", help: "one table below the other, at a terminal, too" },
  interval: { kind: "text", aliases: ["i"], value: "SECONDS", help: "between two tables; 1" },
} as const satisfies FlagTable;

const STATS_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "those that do not run, too" },
  ...USAGE_FLAGS,
  ...LATEST_FLAG,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const stats = defineCommand({
  usage: ["[FLAGS] [CONTAINER...]"],
  about: `Shows what containers use, every second until it is interrupted: those that run, or the named ones.

Fields of --format: .Container .ID .Name .CPUPerc .MemUsage .MemPerc .NetIO .BlockIO .PIDs`,
  flags: STATS_FLAGS,
  args: { min: 0 },
  completes: "container",
  examples: ["ocicat stats", "ocicat stats --no-stream --format '{{.Name}}: {{.MemUsage}}' web"],
  act: statsCommand,
});

const LISTING: Listing = {
  columns:
    "{{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}",
  name: "ID",
  heads: {
    Container: "CONTAINER",
    ID: "CONTAINER ID",
    Name: "NAME",
    CPUPerc: "CPU %",
    MemUsage: "MEM USAGE / LIMIT",
    MemPerc: "MEM %",
    NetIO: "NET I/O",
    BlockIO: "BLOCK I/O",
    PIDs: "PIDS",
  },
};

const INTERVAL_MS = 1000;
/** One look alone need not take as long. */
const SHORT_INTERVAL_MS = 250;

async function statsCommand(flags: FlagsOf<typeof STATS_FLAGS>): Promise<number> {
  const chosen = { words: await withLatest(flags), all: flags.switch("all") };
  return showUsage(flags, { ...placeOptions(flags), ...chosen }, rhythmOf(flags));
}

interface Rhythm {
  /** Whether a table takes the place of the one before, at a terminal. */
  readonly resets: boolean;
  readonly intervalMs: number;
}

export function rhythmOf(flags: RhythmFlags): Rhythm {
  const interval = flags.text("interval");
  return {
    resets: !flags.switch("no-reset"),
    intervalMs: interval === undefined ? INTERVAL_MS : parseSeconds(interval, "--interval"),
  };
}

interface RhythmFlags {
  text(name: "interval"): string | undefined;
  switch(name: "no-reset"): boolean;
}

interface ShowFlags {
  text(name: "format"): string | undefined;
  switch(name: "no-stream" | "no-trunc"): boolean;
}

/** Until it is interrupted, or once. */
export async function showUsage(
  flags: ShowFlags,
  options: Omit<UsageOptions, "intervalMs">,
  rhythm: Rhythm,
): Promise<number> {
  const print = listPrinter(LISTING, { format: flags.text("format"), quiet: false });
  const isOnce = flags.switch("no-stream");
  const intervalMs = isOnce ? SHORT_INTERVAL_MS : rhythm.intervalMs;
  const isInPlace = rhythm.resets && !isOnce;
  const usages = watchUsage({ ...options, intervalMs });
  for await (const usage of usages) {
    const text = print(usage.map((each) => rowOf(each, flags.switch("no-trunc"))));
    writeOutput(isInPlace ? inPlace(text) : text);
    if (isOnce) {
      break;
    }
  }
  return 0;
}

function rowOf({ id, name, used }: ContainerUsage, isWhole: boolean): Row {
  const shown = isWhole ? id : shortId(id);
  return {
    Container: shown,
    ID: shown,
    Name: name,
    ...(used === undefined ? NOTHING : cellsOf(used)),
  };
}

/** Docker's, of a container that does not run. */
const NOTHING: Row = {
  CPUPerc: "--",
  MemUsage: "-- / --",
  MemPerc: "--",
  NetIO: "--",
  BlockIO: "--",
  PIDs: "--",
};

function cellsOf(used: Usage): Row {
  const { memory, memoryLimit } = used;
  return {
    CPUPerc: percent(used.cpus),
    MemUsage: `${binarySize(memory)} / ${binarySize(memoryLimit)}`,
    MemPerc: percent(memoryLimit === 0 ? 0 : memory / memoryLimit),
    NetIO: `${humanSize(used.received)} / ${humanSize(used.sent)}`,
    BlockIO: `${humanSize(used.read)} / ${humanSize(used.written)}`,
    PIDs: String(used.processes),
  };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}
