// pod inspect: all that is known of pods.

import { inspectPod } from "../../engine/pods/list-pods.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";
import { LATEST_POD_FLAG, namedPods } from "./choose-pods.ts";

export const inspect = defineCommand({
  usage: ["[FLAGS] POD..."],
  about: "Shows all that is known of pods, as a JSON array with the fields of podman.",
  flags: { ...INSPECT_FORMAT_FLAG, ...LATEST_POD_FLAG, ...PLACE_FLAGS },
  args: { min: 1, unless: (flags) => flags.switch("latest") },
  completes: "pod",
  examples: ["ocicat pod inspect web", "ocicat pod inspect --format '{{.State}}' web"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const words = await namedPods(flags);
    return inspectEach(flags, command, (word) => inspectPod(word, place), words);
  },
});
