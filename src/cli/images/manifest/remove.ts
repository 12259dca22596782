// manifest remove: takes images from a manifest list. The list itself: rm.ts.

import { removeFromManifestList } from "../../../engine/images/manifest-lists.ts";
import { defineCommand } from "../../command.ts";
import { writeOutput } from "../../write-text.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";

export const remove = defineCommand({
  usage: ["LIST IMAGE|DIGEST..."],
  about: "Takes images from a manifest list. Prints the list's new digest.",
  flags: STORE_FLAG,
  args: { min: 2 },
  completes: "image",
  examples: ["ocicat manifest remove app:1.0 app:1.0-riscv64"],
  async act(flags) {
    const [list = "", ...entries] = flags.args;
    const options = imageOptions(flags.text("store"));
    const { descriptor } = await removeFromManifestList(list, entries, options);
    writeOutput(`${descriptor.digest}\n`);
    return 0;
  },
});
