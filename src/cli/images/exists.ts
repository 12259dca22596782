// image exists: says by its exit code whether an image is in the store.

import { inspectImage } from "../../engine/images/inspect-image.ts";
import { defineExists } from "../define-exists.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";

export const exists = defineExists({
  thing: "image",
  completes: "image",
  flags: STORE_FLAG,
  example: "ocicat image exists debian:12 || ocicat pull debian:12",
  find: (word, flags) => inspectImage(word, imageOptions(flags.text("store"))),
});
