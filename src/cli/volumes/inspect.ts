// volume inspect: all that is known of volumes.

import type { SurroundingsOptions } from "../../engine/surroundings.ts";
import { inspectVolume } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";

export const inspect = defineCommand({
  usage: ["[FLAGS] VOLUME..."],
  about: "Shows all that is known of volumes, as a JSON array with the fields of docker.",
  flags: { ...INSPECT_FORMAT_FLAG, ...PLACE_FLAGS },
  args: { min: 1 },
  completes: "volume",
  examples: ["ocicat volume inspect data", "ocicat volume inspect -f '{{.Mountpoint}}' data"],
  act(flags, { command }) {
    return inspectEach(flags, command, (word) => volumeReport(word, placeOptions(flags)));
  },
});

/** Throws "not-found". */
export async function volumeReport(word: string, place: SurroundingsOptions) {
  const { name, path, labels, created, anonymous } = await inspectVolume(word, place);
  return {
    CreatedAt: created,
    Driver: "local",
    Labels: labels,
    Mountpoint: path,
    Name: name,
    Options: {},
    Scope: "local",
    Anonymous: anonymous,
  };
}
