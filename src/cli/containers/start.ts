// start: containers that are there and do not run.

import { startAttached } from "../../engine/containers/await-exit.ts";
import { containersToBoot, startByName } from "../../engine/containers/container-operations.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue } from "../run/bad-value.ts";
import { STREAM_FLAGS } from "../run/further-flags.ts";
import { parseAttendance } from "../run/stream-options.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen } from "./choose-containers.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions, requireNoNames } from "./container-flags.ts";

const { all, ...CHOICES } = CHOICE_FLAGS;

const START_FLAGS = {
  attach: { kind: "switch", aliases: ["a"], help: "stay, as its standard streams" },
  interactive: { kind: "switch", aliases: ["i"], help: "with --attach: its input, too" },
  ...STREAM_FLAGS,
  "after-boot": {
    kind: "switch",
    help: "those with --restart always, or unless-stopped and not stopped by a user",
  },
  // -a attaches.
  all: { kind: all.kind, help: all.help },
  ...CHOICES,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

const NO_CHECKPOINTS = { reason: "containers are started from their beginning" };

export const start = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all|--latest", "[FLAGS] --after-boot"],
  about: "Starts containers that have been created, or have ended.",
  flags: START_FLAGS,
  refused: () => Promise.resolve({ checkpoint: NO_CHECKPOINTS, "checkpoint-dir": NO_CHECKPOINTS }),
  args: { min: 1, unless: (flags) => flags.switch("after-boot") || isChosen(flags) },
  completes: "container",
  examples: ["ocicat start web", "ocicat start -ai shell", "ocicat start --after-boot"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const words = await wordsOf(flags);
    if (!flags.switch("attach") && !flags.switch("interactive")) {
      return forEachContainer(words, command, async (word) => {
        await startByName(word, place);
        return word;
      });
    }
    const [word = "", ...others] = words;
    if (others.length > 0) {
      throw new OcicatError("invalid-argument", {
        operation: "attach to",
        subject: `${words.length} containers`,
        reason: "only one can be attached to",
      });
    }
    const end = await startAttached(word, {
      ...place,
      ...parseAttendance(flags),
      noStdin: !flags.switch("interactive"),
      standsStill: true,
    });
    return end.kind === "exited" ? end.code : 0;
  },
});

/** One that joins another's namespaces needs that to run. */
async function inOrder(
  words: readonly string[],
  flags: FlagsOf<typeof START_FLAGS>,
): Promise<readonly string[]> {
  if (words.length < 2) {
    return words;
  }
  const { neededFirst } = await import("../../engine/containers/dependents.ts");
  return neededFirst(words, placeOptions(flags));
}

async function wordsOf(flags: FlagsOf<typeof START_FLAGS>): Promise<readonly string[]> {
  if (!flags.switch("after-boot")) {
    return inOrder(await chosenContainers(flags, ["created", "exited", "lost"]), flags);
  }
  if (isChosen(flags)) {
    throw badValue("after-boot", "true", "it says itself which containers are meant");
  }
  requireNoNames(flags.args, "after-boot");
  return containersToBoot(placeOptions(flags));
}
