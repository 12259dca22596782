// `list`: every container, as a table, as JSON, or the ids alone.

import { type ListedContainer, listContainers } from "../../runtime/list.ts";
import { readTextFileIfExists } from "../../sys/file.ts";
import { writeOutput } from "../write-text.ts";
import { defineCommand } from "./command.ts";
import { FORMAT_FLAG, parseFormat } from "./format-flag.ts";
import { formatTable } from "./table.ts";

const HEADER = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];

export const list = defineCommand({
  name: "list",
  usage: "",
  flags: {
    format: FORMAT_FLAG,
    quiet: { kind: "switch", aliases: ["q"], help: "ids alone" },
  },
  args: { min: 0, max: 0 },
  act({ stateRoot }, flags) {
    const format = parseFormat(flags.text("format"));
    const containers = listContainers(stateRoot);
    if (flags.switch("quiet")) {
      writeOutput(containers.map(({ id }) => `${id}\n`).join(""));
      return 0;
    }
    const owners = ownerNames();
    writeOutput(format === "json" ? asJson(containers, owners) : asTable(containers, owners));
    return 0;
  },
});

type Owners = (uid: number) => string;

/** An account without a name is shown as "#1000". */
function ownerNames(): Owners {
  const lines = (readTextFileIfExists("/etc/passwd") ?? "").split("\n");
  const names = new Map(
    lines.map((line) => line.split(":")).map(([name = "", , uid = ""]) => [uid, name]),
  );
  return (uid) => names.get(String(uid)) ?? `#${uid}`;
}

/** Go's encoding of an empty slice that is nil: go-runc reads "null". */
function asJson(containers: readonly ListedContainer[], owners: Owners): string {
  if (containers.length === 0) {
    return "null\n";
  }
  const documents = containers.map(({ ownerUid, ...report }) => ({
    ...report,
    owner: owners(ownerUid),
  }));
  return `${JSON.stringify(documents)}\n`;
}

function asTable(containers: readonly ListedContainer[], owners: Owners): string {
  const rows = containers.map(({ id, pid, status, bundle, created, ownerUid }) => [
    id,
    String(pid),
    status,
    bundle,
    created,
    owners(ownerUid),
  ]);
  return formatTable([HEADER, ...rows]);
}
