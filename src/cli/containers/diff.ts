// diff: what a container has changed in the files of its image.

import { diffContainer } from "../../engine/containers/diff-container.ts";
import { defineCommand } from "../command.ts";
import { writeOutputBytes } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

const LETTERS = { added: "A", changed: "C", deleted: "D" } as const;

export const diff = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: `Shows what a container has changed in the files of its image, one path a line: A added, C changed,
D deleted. What is mounted in it is left out.`,
  flags: PLACE_FLAGS,
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat diff web"],
  async act(flags) {
    await diffContainer(flags.args[0] ?? "", placeOptions(flags), ({ kind, path }) => {
      // Names need not be UTF-8.
      writeOutputBytes(Buffer.from(`${LETTERS[kind]} /${path}\n`, "latin1"));
    });
    return 0;
  },
});
