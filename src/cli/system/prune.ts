// system prune: removes what nobody needs.

import { pruneSystem } from "../../engine/system/prune-system.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { removalText } from "../images/rmi.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { humanSize } from "../terminal/sizes.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./place-flags.ts";

const PRUNE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "all images that no container uses" },
  filter: { kind: "list", value: "KEY=VALUE", help: "until=24h, label=KEY[=VALUE], label!=..." },
  force: { kind: "switch", aliases: ["f"], help: "do not ask" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const prune = defineCommand({
  usage: ["[FLAGS]"],
  about: `Removes the images without a name, and with --all every image that no container uses;
unfinished downloads, layers and containers; mounts of images that nobody uses. Containers stay.`,
  flags: PRUNE_FLAGS,
  args: { min: 0, max: 0 },
  examples: ["ocicat system prune", "ocicat system prune --all --force"],
  act: pruneCommand,
});

async function pruneCommand(flags: FlagsOf<typeof PRUNE_FLAGS>): Promise<number> {
  const all = flags.switch("all");
  if (!flags.switch("force") && !isConfirmed(all)) {
    return 1;
  }
  const { removed, unfinished, mounts, freedBytes } = await pruneSystem({
    ...placeOptions(flags),
    all,
    filters: flags.list("filter"),
  });
  writeOutput(removed.map(removalText).join(""));
  writeOutput(unfinished.map((name) => `Unfinished: ${name}\n`).join(""));
  writeOutput(mounts.map((path) => `Unmounted: ${path}\n`).join(""));
  writeOutput(`Total reclaimed space: ${humanSize(freedBytes)}\n`);
  return 0;
}

function isConfirmed(all: boolean): boolean {
  const images = all ? "all images that no container uses" : "all images without a name";
  return confirmRemoval(
    "what nobody needs",
    `This removes ${images}, and unfinished downloads. Continue?`,
  );
}
