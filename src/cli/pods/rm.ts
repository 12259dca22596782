// pod rm, pod prune: pods with their containers go.

import { prunePods, removePod } from "../../engine/pods/pod-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import {
  forEachContainer,
  IGNORE_FLAG,
  PLACE_FLAGS,
  parsePatience,
  placeOptions,
  TIME_FLAG,
} from "../containers/container-flags.ts";
import { badValue } from "../run/bad-value.ts";
import { confirmRemoval } from "../terminal/ask.ts";
import { writeOutput } from "../write-text.ts";
import { NAMED_PODS, POD_CHOICE_FLAGS, wantedPods } from "./choose-pods.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] POD...", "[FLAGS] --all|--latest"],
  about: "Removes pods with their containers, and these with their volumes that have no name.",
  flags: {
    ...POD_CHOICE_FLAGS,
    force: {
      kind: "switch",
      aliases: ["f"],
      help: "kill what runs; a pod that is gone is no error",
    },
    time: { ...TIME_FLAG.time, help: "with --force: before they are killed; at once by default" },
    ...IGNORE_FLAG,
    ...PLACE_FLAGS,
  },
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod rm web", "ocicat pod rm --force --all"],
  async act(flags, { command }) {
    const force = flags.switch("force");
    const time = flags.text("time");
    if (time !== undefined && !force) {
      throw badValue("time", time, "it needs --force");
    }
    const options = {
      ...placeOptions(flags),
      force,
      ...(time === undefined ? {} : { timeoutMs: parsePatience(time, "--time") }),
    };
    const mayBeGone = force || flags.switch("ignore");
    const words = await wantedPods(flags);
    return forEachContainer(words, command, async (word) => {
      const removed = removePod(word, options);
      return (await (mayBeGone ? removed.catch(unlessMissing) : removed)) ?? word;
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
