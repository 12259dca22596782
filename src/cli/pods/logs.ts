// pod logs: what the containers of a pod have written, one container after the other.

import { readContainerLog } from "../../engine/containers/container-log.ts";
import { findPod } from "../../engine/pods/open-pods.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { placeOptions } from "../containers/container-flags.ts";
import { EntryWriter, LOGS_FLAGS, logOptions } from "../containers/logs.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { shortId } from "../terminal/short-id.ts";

const POD_LOGS_FLAGS = {
  container: { kind: "text", aliases: ["c"], value: "NAME", help: "that of this one alone" },
  names: { kind: "switch", help: "with the containers' names in place of their IDs" },
  ...LOGS_FLAGS,
} as const satisfies FlagTable;

export const logs = defineCommand({
  usage: ["[FLAGS] POD"],
  about: `Shows what the containers of a pod have written, each line behind the container's ID unless one is
chosen. --follow shows one container.`,
  flags: POD_LOGS_FLAGS,
  args: { min: 1, max: 1 },
  examples: ["ocicat pod logs --names web", "ocicat pod logs -f -c nginx web"],
  act: logsCommand,
});

async function logsCommand(flags: FlagsOf<typeof POD_LOGS_FLAGS>): Promise<number> {
  const options = logOptions(flags);
  const { record: pod, members } = await findPod(flags.args[0] ?? "", placeOptions(flags));
  const chosen = flags.text("container");
  const shown = members.filter(
    ({ record: { id, name } }) => chosen === undefined || name === chosen || id.startsWith(chosen),
  );
  if (chosen !== undefined && shown.length === 0) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(chosen)}`,
      reason: `it is not in pod ${quote(pod.name)}`,
    });
  }
  if (options.follow && shown.length > 1) {
    throw new OcicatError("unsupported", {
      operation: "follow",
      subject: `${shown.length} containers`,
      reason: "one can be followed at a time",
      hint: `choose it with --container: ${shown.map(({ record }) => record.name).join(", ")}`,
    });
  }
  for (const { record } of shown) {
    const label = flags.switch("names") ? record.name : shortId(record.id);
    const head = chosen === undefined ? `${label} ` : "";
    const writer = new EntryWriter(flags.switch("timestamps"), head);
    await readContainerLog(record.id, options, (entry) => writer.write(entry));
  }
  return 0;
}
