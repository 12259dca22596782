// image exists: says by its exit code whether an image is in the store.

import { inspectImage } from "../../engine/images/inspect-image.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";

export const exists = defineCommand({
  usage: ["IMAGE"],
  about: "Says by its exit code whether the image is in the store: 0 when it is, 1 when it is not.",
  flags: STORE_FLAG,
  args: { min: 1, max: 1 },
  completes: "image",
  examples: ["ocicat image exists debian:12 || ocicat pull debian:12"],
  async act(flags) {
    const found = await inspectImage(flags.args[0] ?? "", imageOptions(flags.text("store"))).catch(
      unlessMissing,
    );
    return found === undefined ? 1 : 0;
  },
  failureCode: () => 125,
});
