// pod rm, pod prune: pods with their containers go.

import { prunePods, removePod } from "../../engine/pods/pod-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { writeOutput } from "../write-text.ts";
import { ALL_FLAG, NAMED_PODS, wantedPods } from "./change-pods.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] POD...", "[FLAGS] --all"],
  about: "Removes pods with their containers, and these with their volumes that have no name.",
  flags: {
    ...ALL_FLAG,
    force: {
      kind: "switch",
      aliases: ["f"],
      help: "kill what runs; a pod that is gone is no error",
    },
    ...PLACE_FLAGS,
  },
  args: NAMED_PODS,
  examples: ["ocicat pod rm web", "ocicat pod rm --force --all"],
  async act(flags, { command }) {
    const force = flags.switch("force");
    const options = { ...placeOptions(flags), force };
    const words = await wantedPods(flags);
    return forEachContainer(words, command, async (word) => {
      const removed = removePod(word, options);
      return (await (force ? removed.catch(unlessMissing) : removed)) ?? word;
    });
  },
});

export const prune = defineCommand({
  usage: ["[FLAGS]"],
  about: "Removes the pods that have run and do not run any more, with their containers.",
  flags: {
    force: { kind: "switch", aliases: ["f"], help: "do not ask" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat pod prune --force"],
  async act(flags) {
    const question = "This removes all pods that do not run, with their containers. Continue?";
    if (!flags.switch("force") && !confirmRemoval("pods", question)) {
      return 1;
    }
    const removed = await prunePods(placeOptions(flags));
    writeOutput(removed.map((id) => `${id}\n`).join(""));
    return 0;
  },
});
