// version: which ocicat this is.

import packageFile from "../../package.json" with { type: "json" };
import { defineCommand } from "./command.ts";
import { writeOutput } from "./write-text.ts";

export const version = defineCommand({
  usage: [""],
  about: "Shows the version.",
  flags: {},
  args: { min: 0, max: 0 },
  examples: ["ocicat version"],
  act() {
    writeOutput(`ocicat ${packageFile.version}\n`);
    return 0;
  },
});
