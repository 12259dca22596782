// pod stats: what the containers of pods use.

import { listPods } from "../../engine/pods/list-pods.ts";
import { findPod, isLive } from "../../engine/pods/open-pods.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { showUsage } from "../containers/stats.ts";

export const stats = defineCommand({
  usage: ["[FLAGS] [POD...]"],
  about: `Shows what the containers of pods use, every second until it is interrupted: those of all pods, or of
the named ones. Fields of --format are those of \`ocicat stats\`.`,
  flags: {
    format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
    "no-stream": { kind: "switch", help: "show it once" },
    "no-trunc": { kind: "switch", help: "show whole IDs" },
    ...PLACE_FLAGS,
  },
  args: { min: 0 },
  examples: ["ocicat pod stats --no-stream", "ocicat pod stats web"],
  async act(flags) {
    const place = placeOptions(flags);
    const pods =
      flags.args.length === 0
        ? await listPods(place)
        : await Promise.all(flags.args.map((word) => findPod(word, place)));
    const words = pods.flatMap(({ members }) =>
      members.filter(isLive).map(({ record }) => record.id),
    );
    return words.length === 0 ? 0 : showUsage(flags, { ...place, words, all: false });
  },
});
