// container exists: says by its exit code whether there is a container.

import { inspectContainer } from "../../engine/containers/inspect-container.ts";
import { defineExists } from "../define-exists.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const exists = defineExists({
  thing: "container",
  completes: "container",
  flags: {
    external: { kind: "switch", help: "for podman's sake: there are none of other programs" },
    ...PLACE_FLAGS,
  },
  example: "ocicat container exists web || ocicat create --name web nginx",
  find: (word, flags) => inspectContainer(word, { ...placeOptions(flags), sizes: false }),
});
