// supervise: what the holder of a container with a health check executes. Not meant for people.

import { supervise as superviseContainers } from "../engine/supervisor/supervise.ts";
import { defineCommand } from "./command.ts";
import { PLACE_FLAGS, placeOptions } from "./containers/container-flags.ts";

export const supervise = defineCommand({
  usage: [""],
  about: "Has the health of containers checked, as long as there are any that need it.",
  flags: {
    "lock-fd": { kind: "text", value: "NUMBER", help: "descriptor of the lock, which is held" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat supervise"],
  async act(flags) {
    await superviseContainers({ ...placeOptions(flags), lockFd: flags.integer("lock-fd") });
    return 0;
  },
});
