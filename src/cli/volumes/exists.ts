// volume exists: says by its exit code whether there is a volume.

import { inspectVolume } from "../../engine/volumes/volume-operations.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { defineExists } from "../define-exists.ts";

export const exists = defineExists({
  thing: "volume",
  completes: "volume",
  flags: PLACE_FLAGS,
  example: "ocicat volume exists data || ocicat volume create data",
  find: (word, flags) => inspectVolume(word, placeOptions(flags)),
});
