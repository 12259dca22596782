// manifest annotate: what a manifest list says about one of its images.

import { annotateManifestList } from "../../../engine/images/manifest-lists.ts";
import { defineCommand } from "../../command.ts";
import { writeOutput } from "../../write-text.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";
import { ENTRY_FLAGS, entryNotes, REFUSED_ENTRY_FLAGS } from "./entry-flags.ts";

export const annotate = defineCommand({
  usage: ["[FLAGS] LIST IMAGE|DIGEST"],
  about: "Changes what a manifest list says about one of its images. Prints the list's new digest.",
  flags: { ...ENTRY_FLAGS, ...STORE_FLAG },
  refused: () => Promise.resolve(REFUSED_ENTRY_FLAGS),
  args: { min: 2, max: 2 },
  completes: "image",
  examples: ["ocicat manifest annotate --arch arm --variant v7 app:1.0 app:1.0-armhf"],
  async act(flags) {
    const [list = "", entry = ""] = flags.args;
    const { descriptor } = await annotateManifestList(list, entry, {
      ...imageOptions(flags.text("store")),
      ...entryNotes(flags),
    });
    writeOutput(`${descriptor.digest}\n`);
    return 0;
  },
});
