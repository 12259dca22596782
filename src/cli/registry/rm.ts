// registry rm: removes images from their registries.

import { removeFromRegistry } from "../../engine/images/registry-content.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer } from "../containers/container-flags.ts";
import { imageOptions, STORE_FLAG } from "../images/image-flags.ts";
import { CREDENTIAL_FLAGS, registryAccess } from "../images/registry-flags.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] NAME:TAG|NAME@DIGEST..."],
  about: `Removes images from their registries: the tag alone that is named, or by a digest the image with all of
its tags. The store keeps what it has. Many registries allow neither.`,
  flags: { ...CREDENTIAL_FLAGS, ...STORE_FLAG },
  args: { min: 1 },
  examples: ["ocicat registry rm localhost:5000/app:old"],
  act(flags, { command }) {
    const options = { ...imageOptions(flags.text("store")), ...registryAccess(flags) };
    return forEachContainer(flags.args, command, async (image) => {
      await removeFromRegistry(image, options);
      return image;
    });
  },
});
