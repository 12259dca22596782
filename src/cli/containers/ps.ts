// ps: the containers of the store, with docker's columns and fields.

import type { ContainerSizes } from "../../engine/containers/container-report.ts";
import { containerSizes } from "../../engine/containers/container-sizes.ts";
import { isRestarting, stateWord } from "../../engine/containers/container-status.ts";
import { type ListedContainer, listContainers } from "../../engine/containers/list-containers.ts";
import { labelsOf } from "../../engine/containers/recorded-image.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { parseWhole } from "../run/values.ts";
import { absoluteTime, humanDuration, relativeAge } from "../terminal/ages.ts";
import { inPlace } from "../terminal/in-place.ts";
import { labelText } from "../terminal/label-text.ts";
import { LABELS, type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { shortId } from "../terminal/short-id.ts";
import { humanSize } from "../terminal/sizes.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, parseSeconds, placeOptions } from "./container-flags.ts";
import {
  hasNamespace,
  NAMESPACE_COLUMNS,
  NAMESPACE_HEADS,
  namespaceCells,
  pidOf,
} from "./ps-namespaces.ts";
import { psOrder } from "./ps-order.ts";

const PS_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "those that do not run, too" },
  filter: {
    kind: "list",
    aliases: ["f"],
    value: "KEY=VALUE",
    help: "id, name, status, exited, health, label, label!, ancestor, before, since, until, volume...",
  },
  format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
  last: { kind: "text", aliases: ["n"], value: "NUMBER", help: "the latest, running or not" },
  latest: { kind: "switch", aliases: ["l"], help: "the latest one, running or not" },
  "no-trunc": { kind: "switch", help: "show whole IDs and commands" },
  pod: { kind: "switch", aliases: ["p"], help: "show the pods that they are in" },
  quiet: { kind: "switch", aliases: ["q"], help: "IDs alone" },
  noheading: { kind: "switch", help: "a table without its heads" },
  sort: {
    kind: "text",
    value: "KEY",
    help: "command, created, id, image, names, runningfor, size or status",
  },
  ns: { kind: "switch", aliases: ["namespace"], help: "show the namespaces that each has" },
  external: { kind: "switch", help: "for podman's sake: there are none of other programs" },
  sync: { kind: "switch", help: "for podman's sake: processes are asked in any case" },
  watch: { kind: "text", aliases: ["w"], value: "SECONDS", help: "again and again" },
  size: { kind: "switch", aliases: ["s"], help: "what each has written, and all of its files" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const ps = defineCommand({
  usage: ["[FLAGS]"],
  about: `Lists containers that run, the latest first.

Fields of --format: .ID .Image .Command .CreatedAt .RunningFor .State .Status .Names .Labels .Label "KEY" .Ports
.Mounts .LocalVolumes .Networks .Size .Pod .PodName .Pid, and of namespaces .Cgroup .IPC .MNT .NET .PIDNS
.USERNS .UTS`,
  notes: `Filters: id (its beginning), name (an expression that is found in it), status, exited (a code), health, label
and label! (KEY or KEY=VALUE), ancestor (an image, or one that it was made from), expose (a port), before and
since (a container), until (a time, or 24h ago), volume, network, pod, command, restart-policy,
should-start-on-boot. Those of one key are alternatives, but all labels have to hold, and so have those of
different keys.`,
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

const COLUMNS =
  "{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}";

const LISTING: Listing = {
  columns: COLUMNS,
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
    LocalVolumes: "LOCAL VOLUMES",
    Size: "SIZE",
    Networks: "NETWORKS",
    Pod: "POD ID",
    PodName: "PODNAME",
    ...NAMESPACE_HEADS,
  },
};

const LONGEST_COMMAND = 20;
const LONGEST_MOUNT = 15;
const MOST_CONTAINERS = 1_000_000;

type PsFlags = FlagsOf<typeof PS_FLAGS>;

async function psCommand(flags: PsFlags): Promise<number> {
  const show = makeList(flags);
  const watch = flags.text("watch");
  if (watch === undefined) {
    writeOutput(await show());
    return 0;
  }
  const intervalMs = parseSeconds(watch, "--watch");
  for (;;) {
    const text = await show();
    writeOutput(inPlace(text));
    await Bun.sleep(intervalMs);
  }
}

/** Checks the flags; what it returns lists the containers that there are by then. */
function makeList(flags: PsFlags): () => Promise<string> {
  const order = psOrder(flags.text("sort"));
  const format = flags.text("format") ?? "";
  const hasSizes = flags.switch("size") || order.needsSizes || /\.Size\b/.test(format);
  const hasNamespaces = flags.switch("ns") || hasNamespace(format);
  const columns = [
    flags.switch("ns") ? NAMESPACE_COLUMNS : COLUMNS,
    ...(flags.switch("size") ? ["{{.Size}}"] : []),
    ...(flags.switch("pod") ? ["{{.Pod}}", "{{.PodName}}"] : []),
  ];
  const print = listPrinter(
    { ...LISTING, columns: columns.join("\\t") },
    {
      format,
      quiet: flags.switch("quiet"),
      hasNoHead: flags.switch("noheading"),
    },
  );
  const last = lastOf(flags);
  const place = placeOptions(flags);
  return async () => {
    const listed = await listContainers({
      ...place,
      all: flags.switch("all") || last !== undefined,
      filters: flags.list("filter"),
    });
    const sizes = hasSizes ? await containerSizes(place) : undefined;
    const isWhole = flags.switch("no-trunc");
    const style = { isWhole, nowMs: Date.now(), sizes, hasNamespaces };
    const shown = order.sort(listed.slice(0, last), sizes);
    return print(shown.map((each) => rowOf(each, style)));
  };
}

/** Docker's -1 is all of those that are listed anyway. */
function lastOf(flags: FlagsOf<typeof PS_FLAGS>): number | undefined {
  const text = flags.text("last");
  const asked = text === undefined ? undefined : parseWhole("last", text, [-1, MOST_CONTAINERS]);
  const last = flags.switch("latest") ? 1 : asked;
  return last === -1 ? undefined : last;
}

interface Style {
  readonly isWhole: boolean;
  readonly nowMs: number;
  /** Undefined: nobody asked. */
  readonly sizes: ReadonlyMap<string, ContainerSizes> | undefined;
  readonly hasNamespaces: boolean;
}

function rowOf(
  { record, status, health, isReady, podName = "" }: ListedContainer,
  { isWhole, nowMs, sizes, hasNamespaces }: Style,
): Row {
  const createdMs = Date.parse(record.created);
  const { volumes = [], network, pod = "" } = record.options;
  const labels = labelsOf(record);
  const size = sizes?.get(record.id);
  return {
    ID: isWhole ? record.id : shortId(record.id),
    Image: imageOf(record),
    Command: quotedCommand(record.command, isWhole),
    CreatedAt: absoluteTime(createdMs),
    RunningFor: relativeAge(createdMs, nowMs),
    State: stateWord(status),
    Status: `${statusText(status, nowMs)}${status.kind === "running" ? healthText(health, isReady) : ""}`,
    Ports: "",
    Names: record.name,
    Labels: labelText(labels),
    [LABELS]: labels,
    Mounts: mountNames(record.options, isWhole).join(","),
    LocalVolumes: String(volumes.length),
    Networks: network,
    Size: size === undefined ? "" : `${humanSize(size.written)} (virtual ${humanSize(size.total)})`,
    Pid: String(pidOf(status)),
    ...(hasNamespaces ? namespaceCells(status) : {}),
    Pod: isWhole ? pod : shortId(pod),
    PodName: podName,
  };
}

function mountNames(
  { mounts, volumes = [] }: ListedContainer["record"]["options"],
  isWhole: boolean,
): readonly string[] {
  const names = [...mounts.map(({ source }) => source), ...volumes.map(({ name = "" }) => name)];
  return isWhole ? names : names.map((name) => ellipsis(name, LONGEST_MOUNT));
}

function imageOf({ image, options: { source } }: ListedContainer["record"]): string {
  if (image !== undefined) {
    return image.name;
  }
  return source.kind === "rootfs" ? source.path : source.kind;
}

/** In quotes, as docker shows it. */
function quotedCommand([program = "", ...args]: readonly string[], isWhole: boolean): string {
  const words = args.map((word) => (word.includes(" ") ? `'${word}'` : word));
  const text = [program, ...words].join(" ");
  return JSON.stringify(isWhole ? text : ellipsis(text, LONGEST_COMMAND));
}

function ellipsis(text: string, longest: number): string {
  const letters = [...text];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : text;
}

function healthText(
  health: ListedContainer["health"],
  isReady: ListedContainer["isReady"],
): string {
  const words = [
    ...(health === undefined ? [] : [health === "starting" ? "health: starting" : health]),
    ...(isReady === undefined ? [] : [isReady ? "ready" : "not ready"]),
  ];
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
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
    case "exited": {
      const word = isRestarting(status) ? "Restarting" : "Exited";
      return `${word} (${status.code}) ${relativeAge(status.finishedMs, nowMs)}`;
    }
    case "lost":
      return isRestarting(status) ? `Restarting: ${status.reason}` : `Dead: ${status.reason}`;
  }
}
