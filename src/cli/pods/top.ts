// pod top: the processes of the containers of a pod.

import { containerProcesses } from "../../engine/containers/container-processes.ts";
import { findPod, isLive } from "../../engine/pods/open-pods.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { listProcesses } from "../select-processes.ts";
import { writeOutput } from "../write-text.ts";

export const top = defineCommand({
  usage: ["[FLAGS] POD [OPTIONS OF ps(1)]"],
  about: `Shows the processes of a pod's containers, as the host's ps does. Options of ps choose the columns, of
which one has to be PID; -ef by default.`,
  flags: PLACE_FLAGS,
  args: { min: 1 },
  placement: "first",
  examples: ["ocicat pod top web", "ocicat pod top web -o pid,user,%cpu,args"],
  async act(flags) {
    const [word = "", ...options] = flags.args;
    const place = placeOptions(flags);
    const { members } = await findPod(word, place);
    const pids: number[] = [];
    for (const { record } of members.filter(isLive)) {
      pids.push(...(await containerProcesses(record.id, place)));
    }
    writeOutput(listProcesses(options, pids));
    return 0;
  },
});
