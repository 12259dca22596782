// volume inspect: all that is known of volumes.

import type { SurroundingsOptions } from "../../engine/surroundings.ts";
import { inspectVolume } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";
import { wantedVolumes } from "./wanted-volumes.ts";

export const inspect = defineCommand({
  usage: ["[FLAGS] VOLUME...", "[FLAGS] --all"],
  about: "Shows all that is known of volumes, as a JSON array with the fields of docker.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "every volume" },
    ...INSPECT_FORMAT_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: (flags) => flags.switch("all") },
  completes: "volume",
  examples: ["ocicat volume inspect data", "ocicat volume inspect -f '{{.Mountpoint}}' data"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const words = await wantedVolumes(flags);
    return inspectEach(flags, command, (word) => volumeReport(word, place), words);
  },
});

/** Throws "not-found". */
export async function volumeReport(word: string, place: SurroundingsOptions) {
  const { name, path, labels, created, anonymous, options } = await inspectVolume(word, place);
  return {
    CreatedAt: created,
    Driver: "local",
    Labels: labels,
    Mountpoint: path,
    Name: name,
    Options: options ?? {},
    Scope: "local",
    Anonymous: anonymous,
  };
}
