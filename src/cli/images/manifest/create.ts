// manifest create: images of the store under one name, for several platforms.

import { createManifestList } from "../../../engine/images/manifest-lists.ts";
import { defineCommand } from "../../command.ts";
import { writeOutput } from "../../write-text.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";
import { CREDENTIAL_FLAGS, INSECURE_FLAG, insecureAccess } from "../registry-flags.ts";

export const create = defineCommand({
  usage: ["[FLAGS] LIST [IMAGE...]"],
  about: `Makes a manifest list: an image for several platforms, of images that are in the store or in a
registry, where they then stay. An image that is for several itself gives all that is there of it.`,
  flags: {
    all: { kind: "switch", help: "for podman's sake: of a list all is taken" },
    amend: { kind: "switch", aliases: ["a"], help: "add to a list that is there already" },
    ...STORE_FLAG,
    ...CREDENTIAL_FLAGS,
    ...INSECURE_FLAG,
  },
  refused: async () => (await import("../refused-flags.ts")).REFUSED_REGISTRY_FLAGS,
  args: { min: 1 },
  completes: "image",
  examples: ["ocicat manifest create app:1.0 app:1.0-amd64 app:1.0-arm64"],
  async act(flags) {
    const [list = "", ...images] = flags.args;
    const options = {
      ...imageOptions(flags.text("store")),
      ...insecureAccess(flags),
      amend: flags.switch("amend"),
    };
    const { name } = await createManifestList(list, images, options);
    writeOutput(`Created manifest list ${name}\n`);
    return 0;
  },
});
