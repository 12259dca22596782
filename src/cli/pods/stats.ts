// pod stats: what the containers of pods use.

import { listPods } from "../../engine/pods/list-pods.ts";
import { findPod, isLive } from "../../engine/pods/open-pods.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions, requireNoNames } from "../containers/container-flags.ts";
import { rhythmOf, showUsage, USAGE_FLAGS } from "../containers/stats.ts";
import { LATEST_POD_FLAG, namedPods } from "./choose-pods.ts";

export const stats = defineCommand({
  usage: ["[FLAGS] [POD...]"],
  about: `Shows what the containers of pods use, every second until it is interrupted: those of all pods, or of
the named ones. Fields of --format are those of \`ocicat stats\`.`,
  flags: {
    ...USAGE_FLAGS,
    all: { kind: "switch", aliases: ["a"], help: "those of all pods, as without names" },
    ...LATEST_POD_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 0 },
  completes: "pod",
  examples: ["ocicat pod stats --no-stream", "ocicat pod stats web"],
  async act(flags) {
    const place = placeOptions(flags);
    if (flags.switch("all")) {
      requireNoNames(flags.args, "all");
    }
    const named = await namedPods(flags);
    const pods =
      named.length === 0
        ? await listPods(place)
        : await Promise.all(named.map((word) => findPod(word, place)));
    const words = pods.flatMap(({ members }) =>
      members.filter(isLive).map(({ record }) => record.id),
    );
    return words.length === 0
      ? 0
      : showUsage(flags, { ...place, words, all: false }, rhythmOf(flags));
  },
});
