// system prune: removes what nobody needs.

import { pruneSystem } from "../../engine/system/prune-system.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { removalText } from "../images/rmi.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { humanSize } from "../terminal/sizes.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./place-flags.ts";

const PRUNE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "all images that no container uses" },
  external: { kind: "switch", help: "for podman's sake: there are none of other programs" },
  filter: { kind: "list", value: "KEY=VALUE", help: "until=24h, label=KEY[=VALUE], label!=..." },
  force: { kind: "switch", aliases: ["f"], help: "do not ask" },
  volumes: { kind: "switch", help: "also the volumes without a name that no container has" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const prune = defineCommand({
  usage: ["[FLAGS]"],
  about: `Removes the containers that do not run, and the images without a name, with --all every image that no
container uses; unfinished downloads and layers; mounts of images that nobody uses. With --volumes
also the volumes without a name that no container has.`,
  flags: PRUNE_FLAGS,
  args: { min: 0, max: 0 },
  examples: [
    "ocicat system prune",
    "ocicat system prune --all --volumes --force",
    "ocicat system prune --filter until=24h",
  ],
  act: pruneCommand,
});

async function pruneCommand(flags: FlagsOf<typeof PRUNE_FLAGS>): Promise<number> {
  const all = flags.switch("all");
  const volumes = flags.switch("volumes");
  const filters = flags.list("filter");
  checkFilters(filters, volumes);
  if (!flags.switch("force") && !isConfirmed(all, volumes)) {
    return 1;
  }
  const pruned = await pruneSystem({ ...placeOptions(flags), all, volumes, filters });
  writeOutput(removalLines("Deleted Containers", pruned.containers));
  writeOutput(removalLines("Deleted Volumes", pruned.volumes));
  writeOutput(pruned.removed.map(removalText).join(""));
  writeOutput(pruned.unfinished.map((name) => `Unfinished: ${name}\n`).join(""));
  writeOutput(pruned.mounts.map((path) => `Unmounted: ${path}\n`).join(""));
  writeOutput(`Total reclaimed space: ${humanSize(pruned.freedBytes)}\n`);
  return 0;
}

/** A volume has no age, as with docker. */
function checkFilters(filters: readonly string[], volumes: boolean): void {
  const ofAge = filters.find((filter) => filter.startsWith("until="));
  if (volumes && ofAge !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the filter ${quote(ofAge)}`,
      reason: "it does not go with --volumes",
      hint: "`ocicat volume prune` removes volumes alone",
    });
  }
}

/** Docker's. */
function removalLines(head: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `${head}:\n${names.join("\n")}\n\n`;
}

function isConfirmed(all: boolean, volumes: boolean): boolean {
  const images = all ? "all images that no container uses" : "all images without a name";
  const nameless = volumes ? ", all volumes without a name that no container has" : "";
  return confirmRemoval(
    "what nobody needs",
    `This removes all containers that do not run, ${images}${nameless}, and unfinished downloads. Continue?`,
  );
}
