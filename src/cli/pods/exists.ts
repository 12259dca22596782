// pod exists: says by its exit code whether there is a pod.

import { findPod } from "../../engine/pods/open-pods.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { defineExists } from "../define-exists.ts";

export const exists = defineExists({
  thing: "pod",
  completes: "pod",
  flags: PLACE_FLAGS,
  example: "ocicat pod exists web || ocicat pod create web",
  find: (word, flags) => findPod(word, placeOptions(flags)),
});
