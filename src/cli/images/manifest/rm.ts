// manifest rm: removes manifest lists.

import { removeManifestLists } from "../../../engine/images/manifest-lists.ts";
import { defineCommand } from "../../command.ts";
import { writeOutput } from "../../write-text.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";

export const rm = defineCommand({
  usage: ["LIST..."],
  about: "Removes manifest lists. Their images stay, as far as they have names of their own.",
  flags: STORE_FLAG,
  args: { min: 1 },
  completes: "image",
  examples: ["ocicat manifest rm app:1.0"],
  async act(flags) {
    const names = await removeManifestLists(flags.args, imageOptions(flags.text("store")));
    writeOutput(names.map((name) => `Untagged: ${name}\n`).join(""));
    return 0;
  },
});
