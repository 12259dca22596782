// pod logs: what the containers of a pod have written, and go on to write.

import { findPod } from "../../engine/pods/open-pods.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { placeOptions } from "../containers/container-flags.ts";
import { isLatest } from "../containers/latest.ts";
import { LOGS_FLAGS, showLogs } from "../containers/logs.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { LATEST_POD_FLAG, namedPods } from "./choose-pods.ts";

const POD_LOGS_FLAGS = {
  container: { kind: "text", aliases: ["c"], value: "NAME", help: "that of this one alone" },
  ...LOGS_FLAGS,
  ...LATEST_POD_FLAG,
} as const satisfies FlagTable;

export const logs = defineCommand({
  usage: ["[FLAGS] POD"],
  about: `Shows what the containers of a pod have written, each line behind the container's ID unless one is
chosen: one container after the other, and with --follow all at once what they go on to write.`,
  flags: POD_LOGS_FLAGS,
  args: { min: 1, max: 1, unless: isLatest },
  completes: "pod",
  examples: ["ocicat pod logs --names web", "ocicat pod logs -f -c nginx web"],
  act: logsCommand,
});

async function logsCommand(flags: FlagsOf<typeof POD_LOGS_FLAGS>): Promise<number> {
  const [word = ""] = await namedPods(flags);
  const { record: pod, members } = await findPod(word, placeOptions(flags));
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
  const ids = shown.map(({ record }) => record.id);
  return showLogs(ids, flags, { labels: chosen === undefined });
}
