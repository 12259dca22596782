// `features`: what this runtime supports, as the document of the runtime specification.

import { features as runtimeFeatures } from "../../runtime/features.ts";
import { writeOutput } from "../write-text.ts";
import { defineCommand } from "./command.ts";

export const features = defineCommand({
  name: "features",
  usage: "",
  flags: {},
  args: { min: 0, max: 0 },
  act() {
    writeOutput(`${JSON.stringify(runtimeFeatures(), undefined, 4)}\n`);
    return 0;
  },
});
