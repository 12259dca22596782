// untag, image untag: takes names from an image, which stays.

import { untagImage } from "../../engine/images/tag-image.ts";
import { defineCommand } from "../command.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";

export const untag = defineCommand({
  usage: ["IMAGE [NAME...]"],
  about: "Takes names from an image, or all that it has. The image stays: `ocicat rmi` removes it.",
  flags: STORE_FLAG,
  args: { min: 1 },
  completes: "image",
  examples: ["ocicat untag debian:12", "ocicat untag 3f1c8a2b9d07 registry.example/debian:12"],
  async act(flags) {
    const [image = "", ...names] = flags.args;
    await untagImage(image, names, imageOptions(flags.text("store")));
    return 0;
  },
});
