// volume prune: removes the volumes that no container has.

import { pruneVolumes } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { writeOutput } from "../write-text.ts";

export const prune = defineCommand({
  usage: ["[FLAGS]"],
  about:
    "Removes the volumes without a name that no container has; with --all the named ones, too.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "also those with a name" },
    filter: {
      kind: "list",
      value: "KEY=VALUE",
      help: "name, label, label!, until; all=true is --all",
    },
    force: { kind: "switch", aliases: ["f"], help: "do not ask" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat volume prune", "ocicat volume prune --all --force"],
  async act(flags) {
    const given = flags.list("filter");
    const all = flags.switch("all") || given.some((filter) => /^all=(?:true|1)$/i.test(filter));
    if (!flags.switch("force") && !isConfirmed(all)) {
      return 1;
    }
    const filters = given.filter((filter) => !/^all=(?:true|1|false|0)$/i.test(filter));
    const removed = await pruneVolumes({ ...placeOptions(flags), all, filters });
    writeOutput(removed.map((name) => `${name}\n`).join(""));
    return 0;
  },
});

function isConfirmed(all: boolean): boolean {
  const which = all ? "all volumes" : "all volumes without a name";
  return confirmRemoval("volumes", `This removes ${which} that no container has. Continue?`);
}
