// pod ps: the pods of the store, with podman's columns and fields.

import { type ListedPod, listPods, namespaceName } from "../../engine/pods/list-pods.ts";
import { podCgroupPath, podHostname } from "../../engine/pods/pod-record.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue } from "../run/bad-value.ts";
import { absoluteTime, relativeAge } from "../terminal/ages.ts";
import { labelText } from "../terminal/label-text.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { shortId } from "../terminal/short-id.ts";
import { writeOutput } from "../write-text.ts";

const PS_FLAGS = {
  filter: {
    kind: "list",
    aliases: ["f"],
    value: "KEY=VALUE",
    help: "id, name, status, label, label!, until, network, ctr-names, -ids, -status, -number",
  },
  format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
  "ctr-names": { kind: "switch", help: "show the names of the containers" },
  "ctr-ids": { kind: "switch", help: "show their IDs" },
  "ctr-status": { kind: "switch", help: "show their states" },
  latest: { kind: "switch", aliases: ["l"], help: "the latest pod alone" },
  ns: { kind: "switch", aliases: ["namespace"], help: "show the namespaces that they share" },
  "no-trunc": { kind: "switch", help: "show whole IDs" },
  noheading: { kind: "switch", help: "a table without its heads" },
  quiet: { kind: "switch", aliases: ["q"], help: "IDs alone" },
  sort: { kind: "text", value: "KEY", help: "created, id, name, number or status" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const ps = defineCommand({
  usage: ["[FLAGS]"],
  about: `Lists pods, the latest first. The pod's own process counts among its containers. With --format json it is
one array, as podman's.

Fields of --format: .Id .Name .Status .Created .CreatedAt .InfraId .NumberOfContainers .ContainerNames
.ContainerIds .ContainerStatuses .Hostname .Labels .Networks .Namespaces`,
  flags: PS_FLAGS,
  args: { min: 0, max: 0 },
  examples: [
    "ocicat pod ps",
    "ocicat pod ps --ctr-names --ctr-status",
    "ocicat pod ps --filter status=degraded --format '{{.Name}}'",
  ],
  act: psCommand,
});

const HEADS = {
  Id: "POD ID",
  Name: "NAME",
  Status: "STATUS",
  Created: "CREATED",
  CreatedAt: "CREATED AT",
  InfraId: "INFRA ID",
  NumberOfContainers: "# OF CONTAINERS",
  ContainerNames: "NAMES",
  ContainerIds: "IDS",
  ContainerStatuses: "STATUS",
  Hostname: "HOSTNAME",
  Labels: "LABELS",
  Networks: "NETWORKS",
  Namespaces: "NAMESPACES",
};

async function psCommand(flags: FlagsOf<typeof PS_FLAGS>): Promise<number> {
  const print = listPrinter(listing(flags), {
    format: flags.text("format"),
    quiet: flags.switch("quiet"),
    hasNoHead: flags.switch("noheading"),
  });
  const order = orderOf(flags.text("sort") ?? "created");
  const pods = await listPods({ ...placeOptions(flags), filters: flags.list("filter") });
  const nowMs = Date.now();
  const isJson = flags.text("format") === "json";
  const shown = (flags.switch("latest") ? pods.slice(0, 1) : pods).toSorted(order);
  writeOutput(
    isJson
      ? `${JSON.stringify(shown.map(reportOf), undefined, 4)}\n`
      : print(shown.map((pod) => rowOf(pod, flags.switch("no-trunc"), nowMs))),
  );
  return 0;
}

/** What is shown of containers takes the place of their number. */
function listing(flags: FlagsOf<typeof PS_FLAGS>): Listing {
  const asked = [
    ...(flags.switch("ctr-ids") ? ["ContainerIds"] : []),
    ...(flags.switch("ctr-names") ? ["ContainerNames"] : []),
    ...(flags.switch("ctr-status") ? ["ContainerStatuses"] : []),
  ];
  const last = asked.length === 0 ? ["NumberOfContainers"] : asked;
  const namespaces = flags.switch("ns") ? ["Namespaces"] : [];
  const fields = ["Id", "Name", "Status", "Created", "InfraId", ...last, ...namespaces];
  return {
    columns: fields.map((field) => `{{.${field}}}`).join("\\t"),
    name: "Id",
    heads: HEADS,
  };
}

type Order = (a: ListedPod, b: ListedPod) => number;

const byText =
  (textOf: (pod: ListedPod) => string): Order =>
  (a, b) =>
    textOf(a).localeCompare(textOf(b));

/** The engine lists the latest first. */
const ORDERS: Readonly<Record<string, Order>> = {
  created: () => 0,
  id: byText(({ record }) => record.id),
  name: byText(({ record }) => record.name),
  number: (a, b) => a.members.length - b.members.length,
  status: byText(({ state }) => state),
};

function orderOf(key: string): Order {
  const order = Object.hasOwn(ORDERS, key) ? ORDERS[key] : undefined;
  if (order === undefined) {
    throw badValue("sort", key, `it is one of ${Object.keys(ORDERS).join(", ")}`);
  }
  return order;
}

/** Podman's JSON is one array. */
function reportOf(pod: ListedPod) {
  const { record, state, members } = pod;
  const { network, labels = {} } = record.options;
  return {
    Cgroup: podCgroupPath(record.id, record.options) ?? "",
    Containers: [
      { Id: record.id, Names: `${record.name}-infra`, Status: pod.status.kind },
      ...members.map((each) => ({
        Id: each.record.id,
        Names: each.record.name,
        Status: each.status.kind,
      })),
    ],
    Created: record.created,
    Id: record.id,
    InfraId: record.id,
    Name: record.name,
    Namespace: "",
    Networks: [network],
    Status: state,
    Labels: labels,
  };
}

function rowOf(pod: ListedPod, isWhole: boolean, nowMs: number): Row {
  const { record, state, members } = pod;
  const shown = (id: string): string => (isWhole ? id : shortId(id));
  const createdMs = Date.parse(record.created);
  return {
    Id: shown(record.id),
    Name: record.name,
    Status: state,
    Created: relativeAge(createdMs, nowMs),
    CreatedAt: absoluteTime(createdMs),
    InfraId: shown(record.id),
    NumberOfContainers: members.length + 1,
    ContainerNames: members.map((member) => member.record.name).join(","),
    ContainerIds: members.map((member) => shown(member.record.id)).join(","),
    ContainerStatuses: members.map(({ status }) => status.kind).join(","),
    Hostname: podHostname(record),
    Labels: labelText(record.options.labels ?? {}),
    Networks: record.options.network,
    Namespaces: record.options.source.pod.shared.map(namespaceName).join(","),
  };
}
