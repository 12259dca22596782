// pod top: the processes of the containers of a pod.

import { containerProcesses } from "../../engine/containers/container-processes.ts";
import { processDetails } from "../../engine/containers/process-details.ts";
import { findPod, isLive } from "../../engine/pods/open-pods.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { TOP_ABOUT, TOP_NOTES } from "../containers/top.ts";
import { describedProcesses, parseDescriptors } from "../containers/top-descriptors.ts";
import { listProcesses } from "../select-processes.ts";
import { showText } from "../terminal/printable.ts";
import { LATEST_POD_FLAG, latestPod } from "./choose-pods.ts";

export const top = defineCommand({
  usage: ["[FLAGS] POD [OPTIONS OF ps(1)]", "[FLAGS] POD COLUMN..."],
  about: TOP_ABOUT,
  notes: TOP_NOTES,
  flags: { ...LATEST_POD_FLAG, ...PLACE_FLAGS },
  args: { min: 1, unless: (flags) => flags.switch("latest") },
  completes: "pod",
  placement: "first",
  examples: ["ocicat pod top web", "ocicat pod top web -o pid,user,%cpu,args"],
  async act(flags) {
    const [word = "", ...options] = flags.switch("latest")
      ? [await latestPod(flags), ...flags.args]
      : flags.args;
    const place = placeOptions(flags);
    const { members } = await findPod(word, place);
    const pids: (readonly number[])[] = [];
    for (const { record } of members.filter(isLive)) {
      pids.push(await containerProcesses(record.id, place));
    }
    const columns = parseDescriptors(options);
    showText(
      columns === undefined
        ? listProcesses(options, pids.flat())
        : describedProcesses(columns, pids.flatMap(processDetails)),
    );
    return 0;
  },
});
