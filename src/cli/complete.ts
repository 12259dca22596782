// complete: names, one a line, for the completions of shells. Not meant for people.

import { type CompletedKind, listNames } from "../engine/list-names.ts";
import { defineCommand } from "./command.ts";
import { usageError } from "./flags.ts";
import { PLACE_FLAGS, placeOptions } from "./system/place-flags.ts";
import { writeOutput } from "./write-text.ts";

const KINDS: readonly CompletedKind[] = ["container", "pod", "image", "volume", "secret"];

export const complete = defineCommand({
  usage: [KINDS.join("|")],
  about: "Lists names for the completions of shells.",
  flags: PLACE_FLAGS,
  args: { min: 1, max: 1 },
  examples: ["ocicat complete container"],
  async act(flags) {
    const kind = KINDS.find((each) => each === flags.args[0]);
    if (kind === undefined) {
      throw usageError(`it takes ${KINDS.join(", ")}`);
    }
    const names = await listNames(kind, placeOptions(flags));
    writeOutput(names.map((name) => `${name}\n`).join(""));
    return 0;
  },
});
