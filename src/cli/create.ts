// ocicat create: a container that `start` runs later.

import { createOnly } from "../engine/run.ts";
import { fromWorkingDirectory } from "../sys/working-directory.ts";
import { defineCommand } from "./command.ts";
import { RUN_FLAGS } from "./run/flags.ts";
import { runOptions } from "./run/options.ts";
import { replaceContainer } from "./run/replace.ts";
import { writeWarning } from "./terminal/write-warning.ts";
import { writeOutput } from "./write-text.ts";

const EXIT_OWN_FAILURE = 125;

export const createCommand = defineCommand({
  usage: ["[FLAGS] IMAGE [COMMAND...]", "[FLAGS] --rootfs DIR COMMAND..."],
  about: "Makes a container as run does, and prints its ID. `start` runs it.",
  flags: RUN_FLAGS,
  refused: async () => (await import("./run/refused-flags.ts")).REFUSED_RUN_FLAGS,
  args: { min: 0 },
  placement: "first",
  completes: "image",
  examples: ["ocicat create --name web docker.io/library/nginx"],
  async act(flags) {
    const surroundings = { absolute: fromWorkingDirectory, environment: process.env };
    const options = await runOptions(flags, surroundings);
    if (flags.switch("replace")) {
      await replaceContainer(options);
    }
    const id = await createOnly({
      ...options,
      onWarning: writeWarning,
    });
    writeOutput(`${id}\n`);
    return 0;
  },
  failureCode: () => EXIT_OWN_FAILURE,
});
