// ps: the containers of the store, with docker's columns and fields.

import { type ListedContainer, listContainers } from "../../engine/containers/list-containers.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { absoluteTime, humanDuration, relativeAge } from "../terminal/ages.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

const PS_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "those that do not run, too" },
  filter: {
    kind: "list",
    aliases: ["f"],
    value: "KEY=VALUE",
    help: "id, name, status, exited, label, ancestor",
  },
  format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
  last: { kind: "text", aliases: ["n"], value: "NUMBER", help: "the latest, running or not" },
  latest: { kind: "switch", aliases: ["l"], help: "the latest one, running or not" },
  "no-trunc": { kind: "switch", help: "show whole IDs and commands" },
  quiet: { kind: "switch", aliases: ["q"], help: "IDs alone" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const ps = defineCommand({
  usage: ["[FLAGS]"],
  about: `Lists containers that run, the latest first.

Fields of --format: .ID .Image .Command .CreatedAt .RunningFor .State .Status .Names .Labels .Ports
.Mounts .Networks`,
  flags: PS_FLAGS,
  args: { min: 0, max: 0 },
  examples: [
    "ocicat ps",
    "ocicat ps -a --filter status=exited",
    "ocicat ps -aq",
    "ocicat ps --format '{{.Names}}: {{.Status}}'",
  ],
  act: psCommand,
});

const LISTING: Listing = {
  columns:
    "{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}",
  name: "ID",
  heads: {
    ID: "CONTAINER ID",
    Image: "IMAGE",
    Command: "COMMAND",
    RunningFor: "CREATED",
    CreatedAt: "CREATED AT",
    Status: "STATUS",
    State: "STATE",
    Ports: "PORTS",
    Names: "NAMES",
    Labels: "LABELS",
    Mounts: "MOUNTS",
    Networks: "NETWORKS",
  },
};

const ID_LENGTH = 12;
const LONGEST_COMMAND = 20;

async function psCommand(flags: FlagsOf<typeof PS_FLAGS>): Promise<number> {
  const print = listPrinter(LISTING, {
    format: flags.text("format"),
    quiet: flags.switch("quiet"),
  });
  const last = flags.switch("latest") ? 1 : flags.integer("last");
  const listed = await listContainers({
    ...placeOptions(flags),
    all: flags.switch("all") || last !== undefined,
    filters: flags.list("filter"),
  });
  const nowMs = Date.now();
  const rows = listed.slice(0, last).map((each) => rowOf(each, flags.switch("no-trunc"), nowMs));
  writeOutput(print(rows));
  return 0;
}

function rowOf({ record, status }: ListedContainer, isWhole: boolean, nowMs: number): Row {
  const createdMs = Date.parse(record.created);
  const { labels = {}, mounts, network } = record.options;
  return {
    ID: isWhole ? record.id : record.id.slice(0, ID_LENGTH),
    Image: imageOf(record),
    Command: quotedCommand(record.command.join(" "), isWhole),
    CreatedAt: absoluteTime(createdMs),
    RunningFor: relativeAge(createdMs, nowMs),
    State: status.kind === "lost" ? "dead" : status.kind,
    Status: statusText(status, nowMs),
    Ports: "",
    Names: record.name,
    Labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    Mounts: mounts.map(({ source }) => source).join(","),
    Networks: network,
  };
}

function imageOf({ image, options: { source } }: ListedContainer["record"]): string {
  if (image !== undefined) {
    return image.name;
  }
  return source.kind === "rootfs" ? source.path : source.kind;
}

/** In quotes, as docker shows it. */
function quotedCommand(text: string, isWhole: boolean): string {
  const letters = [...text];
  const isLong = !isWhole && letters.length > LONGEST_COMMAND;
  return JSON.stringify(isLong ? `${letters.slice(0, LONGEST_COMMAND - 1).join("")}…` : text);
}

/** Docker's words. */
function statusText(status: ListedContainer["status"], nowMs: number): string {
  switch (status.kind) {
    case "created":
      return "Created";
    case "running":
      return `Up ${humanDuration(nowMs - status.startedMs)}`;
    case "paused":
      return `Up ${humanDuration(nowMs - status.startedMs)} (Paused)`;
    case "exited":
      return `Exited (${status.code}) ${relativeAge(status.finishedMs, nowMs)}`;
    case "lost":
      return `Dead: ${status.reason}`;
  }
}
