// runtime: ocicat-runtime under this program's name. main.ts takes a shorter way to the same.

import { defineCommand } from "./command.ts";
import { ociMain } from "./oci/main.ts";

export const runtimeCommand = defineCommand({
  usage: ["[FLAGS] COMMAND [ARGUMENTS]"],
  about: `The OCI runtime's command line, as ocicat-runtime has it: create, start, kill, delete and the
other verbs of containers that have a bundle. \`ocicat runtime help\` lists them.`,
  flags: {},
  args: { min: 0 },
  placement: "first",
  examples: ["ocicat runtime list", "ocicat runtime spec --help"],
  act: ({ args }, { notes }) => ociMain(args, notes),
});
