// image prune: removes the images that nobody needs.

import { pruneImages } from "../../engine/images/prune-images.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { showText } from "../terminal/printable.ts";
import { humanSize } from "../terminal/sizes.ts";
import { writeOutput } from "../write-text.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";
import { removalText } from "./rmi.ts";

const PRUNE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "all images that no container uses" },
  external: { kind: "switch", help: "for podman's sake: there are none of other programs" },
  filter: { kind: "list", value: "KEY=VALUE", help: "until=24h, label=KEY[=VALUE], label!=..." },
  force: { kind: "switch", aliases: ["f"], help: "do not ask" },
  ...STORE_FLAG,
} as const satisfies FlagTable;

export const prune = defineCommand({
  usage: ["[FLAGS]"],
  about: `Removes the images without a name, and with --all every image that no container uses. What
interrupted commands have left goes too.`,
  flags: PRUNE_FLAGS,
  args: { min: 0, max: 0 },
  examples: ["ocicat image prune", "ocicat image prune --all --force --filter until=168h"],
  act: pruneCommand,
});

async function pruneCommand(flags: FlagsOf<typeof PRUNE_FLAGS>): Promise<number> {
  const all = flags.switch("all");
  if (!flags.switch("force") && !isConfirmed(all)) {
    return 1;
  }
  const { removed, freedBytes } = await pruneImages({
    ...imageOptions(flags.text("store")),
    all,
    filters: flags.list("filter"),
  });
  showText(removed.map(removalText).join(""));
  writeOutput(`Total reclaimed space: ${humanSize(freedBytes)}\n`);
  return 0;
}

function isConfirmed(all: boolean): boolean {
  const what = all ? "all images that no container uses" : "all images without a name";
  return confirmRemoval("images", `This removes ${what}. Continue?`);
}
