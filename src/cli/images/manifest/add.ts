// manifest add: more images in a manifest list.

import { addToManifestList } from "../../../engine/images/manifest-lists.ts";
import { defineCommand } from "../../command.ts";
import { writeOutput } from "../../write-text.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";
import { CREDENTIAL_FLAGS, registryAccess } from "../registry-flags.ts";
import { ENTRY_FLAGS, entryNotes, hasEntryNotes, REFUSED_ENTRY_FLAGS } from "./entry-flags.ts";

export const add = defineCommand({
  usage: ["[FLAGS] LIST IMAGE..."],
  about:
    "Adds images of the store or of a registry to a manifest list. Prints the list's new digest.",
  flags: {
    all: { kind: "switch", help: "for podman's sake: of a list all is taken" },
    ...ENTRY_FLAGS,
    ...STORE_FLAG,
    ...CREDENTIAL_FLAGS,
  },
  refused: async () => ({
    ...REFUSED_ENTRY_FLAGS,
    ...(await import("../refused-flags.ts")).REFUSED_REGISTRY_FLAGS,
  }),
  args: { min: 2 },
  completes: "image",
  examples: [
    "ocicat manifest add app:1.0 app:1.0-riscv64",
    "ocicat manifest add --arch arm --variant v7 app:1.0 app:1.0-armhf",
  ],
  async act(flags) {
    const [list = "", ...images] = flags.args;
    const options = {
      ...imageOptions(flags.text("store")),
      ...registryAccess(flags),
      ...(hasEntryNotes(flags) ? { notes: entryNotes(flags) } : {}),
    };
    const changed = await addToManifestList(list, images, options);
    writeOutput(`${changed.descriptor.digest}\n`);
    return 0;
  },
});
