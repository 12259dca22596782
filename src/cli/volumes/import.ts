// volume import: a tar archive into a volume.

import { importVolume } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { archiveInput } from "../images/archive-path.ts";

export const importCommand = defineCommand({
  usage: ["[FLAGS] VOLUME [FILE|-]"],
  about: `Unpacks a tar archive, also a compressed one, into a volume, which is made if need be. Files that
are there give way to those of the archive.`,
  flags: PLACE_FLAGS,
  args: { min: 1, max: 2 },
  completes: "volume",
  examples: ["ocicat volume import data data.tar", "tar -c . | ocicat volume import data"],
  async act(flags) {
    const [name = "", file] = flags.args;
    await importVolume(name, archiveInput(file), placeOptions(flags));
    return 0;
  },
});
