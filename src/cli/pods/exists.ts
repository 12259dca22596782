// pod exists: tells by its exit code whether there is a pod.

import { findPod } from "../../engine/pods/open-pods.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";

export const exists = defineCommand({
  usage: ["[FLAGS] POD"],
  about: "Tells by its exit code whether there is the pod: 0 when it is there, 1 when it is not.",
  flags: PLACE_FLAGS,
  args: { min: 1, max: 1 },
  examples: ["ocicat pod exists web || ocicat pod create web"],
  async act(flags) {
    const found = await findPod(flags.args[0] ?? "", placeOptions(flags)).catch(unlessMissing);
    return found === undefined ? 1 : 0;
  },
  failureCode: () => 125,
});
