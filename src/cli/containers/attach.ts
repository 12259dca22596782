// attach: this process's streams become a container's.

import { attachToContainer } from "../../engine/containers/await-exit.ts";
import { defineCommand } from "../command.ts";
import { STREAM_FLAGS } from "../run/further-flags.ts";
import { parseAttendance } from "../run/stream-options.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, onlyContainer } from "./latest.ts";

export const attach = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: `Connects standard input, output and error with a container that runs, until it ends. Signals are
passed on. With a terminal, ctrl-p ctrl-q leaves it running.`,
  flags: {
    "no-stdin": { kind: "switch", help: "leave the container's input alone" },
    ...STREAM_FLAGS,
    ...LATEST_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1, unless: isLatest },
  completes: "container",
  examples: ["ocicat attach shell"],
  async act(flags) {
    const end = await attachToContainer(await onlyContainer(flags), {
      ...placeOptions(flags),
      ...parseAttendance(flags),
      noStdin: flags.switch("no-stdin"),
      standsStill: true,
    });
    return end.kind === "exited" ? end.code : 0;
  },
});
