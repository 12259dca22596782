// container prune: removes the containers that do not run.

import { pruneContainers } from "../../engine/containers/prune-containers.ts";
import { defineCommand } from "../command.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { humanSize } from "../terminal/sizes.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const prune = defineCommand({
  usage: ["[FLAGS]"],
  about: "Removes all containers that do not run, and what they have written outside of mounts.",
  flags: {
    filter: { kind: "list", value: "KEY=VALUE", help: "until=24h, label=KEY[=VALUE], label!=..." },
    force: { kind: "switch", aliases: ["f"], help: "do not ask" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat container prune", "ocicat container prune -f --filter until=24h"],
  async act(flags) {
    if (!flags.switch("force") && !isConfirmed()) {
      return 1;
    }
    const { ids, freedBytes } = await pruneContainers({
      ...placeOptions(flags),
      filters: flags.list("filter"),
    });
    const removed = ids.length === 0 ? "" : `Deleted Containers:\n${ids.join("\n")}\n\n`;
    writeOutput(`${removed}Total reclaimed space: ${humanSize(freedBytes)}\n`);
    return 0;
  },
});

function isConfirmed(): boolean {
  return confirmRemoval("containers", "This removes all containers that do not run. Continue?");
}
