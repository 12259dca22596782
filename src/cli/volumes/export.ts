// volume export: what is in a volume, as a tar archive.

import { exportVolume } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { archiveOutput } from "../images/archive-path.ts";

export const exportCommand = defineCommand({
  usage: ["[FLAGS] VOLUME"],
  about: "Writes what is in a volume as a tar archive, with owners, modes, times and attributes.",
  flags: {
    output: { kind: "text", aliases: ["o"], value: "FILE", help: "file; else stdout" },
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1 },
  completes: "volume",
  examples: ["ocicat volume export -o data.tar data"],
  async act(flags) {
    const output = archiveOutput(flags.text("output"));
    await exportVolume(flags.args[0] ?? "", output, placeOptions(flags));
    return 0;
  },
});
