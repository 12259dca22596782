// tag, image tag: another name for an image.

import { tagImage } from "../../engine/images/tag-image.ts";
import { defineCommand } from "../command.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";

export const tag = defineCommand({
  usage: ["IMAGE NAME[:TAG]..."],
  about: "Gives an image another name, or several. An image that had the name stays without it.",
  flags: STORE_FLAG,
  args: { min: 2 },
  completes: "image",
  examples: ["ocicat tag debian:12 registry.example/debian:12"],
  async act(flags) {
    const [image = "", ...names] = flags.args;
    await tagImage(image, names, imageOptions(flags.text("store")));
    return 0;
  },
});
