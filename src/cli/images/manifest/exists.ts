// manifest exists: says by its exit code whether a manifest list is in the store.

import { findManifestList } from "../../../engine/images/manifest-lists.ts";
import { defineExists } from "../../define-exists.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";

export const exists = defineExists({
  thing: "manifest",
  completes: "image",
  flags: STORE_FLAG,
  example: "ocicat manifest exists app:1.0 || ocicat manifest create app:1.0 app:1.0-arm64",
  find: (word, flags) => findManifestList(word, imageOptions(flags.text("store"))),
});
