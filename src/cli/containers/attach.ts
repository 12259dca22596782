// attach: this process's streams become a container's.

import { attachToContainer } from "../../engine/containers/await-exit.ts";
import { parseDetachKeys } from "../../holder/detach-keys.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const attach = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: `Connects standard input, output and error with a container that runs, until it ends. Signals are
passed on. With a terminal, ctrl-p ctrl-q leaves it running.`,
  flags: {
    "no-stdin": { kind: "switch", help: "leave the container's input alone" },
    "detach-keys": { kind: "text", value: "KEYS", help: "ctrl-p,ctrl-q by default" },
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat attach shell"],
  async act(flags) {
    const keys = flags.text("detach-keys");
    const end = await attachToContainer(flags.args[0] ?? "", {
      ...placeOptions(flags),
      noStdin: flags.switch("no-stdin"),
      ...(keys === undefined ? {} : { detachKeys: parseDetachKeys(keys) }),
    });
    return end.kind === "exited" ? end.code : 0;
  },
});
