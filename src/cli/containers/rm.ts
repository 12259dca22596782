// rm: removes containers with all that they have written.

import {
  killForRemoval,
  type RemoveOptions,
  removeContainer,
  stopContainer,
} from "../../engine/containers/container-operations.ts";
import type { SurroundingsOptions } from "../../engine/surroundings.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { badValue } from "../run/bad-value.ts";
import { CHOICE_FLAGS, chosenContainers, isChosen, LONG_FILTER_FLAG } from "./choose-containers.ts";
import {
  forEachContainer,
  IGNORE_FLAG,
  PLACE_FLAGS,
  parsePatience,
  placeOptions,
  prepareContainers,
  TIME_FLAG,
} from "./container-flags.ts";
import { endingOptions } from "./ending-options.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all|--latest"],
  about: "Removes containers, and all that they have written outside of mounts.",
  flags: {
    ...CHOICE_FLAGS,
    ...LONG_FILTER_FLAG,
    force: {
      kind: "switch",
      aliases: ["f"],
      help: "kill those that run; one that is gone is no error",
    },
    time: { ...TIME_FLAG.time, help: "with --force: before it is killed; at once by default" },
    ...IGNORE_FLAG,
    depend: { kind: "switch", help: "those that join their namespaces or require them, too" },
    volumes: {
      kind: "switch",
      aliases: ["v"],
      help: "their volumes without a name, too",
    },
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: isChosen },
  refused: () => Promise.resolve({ link: { reason: "there are no networks with addresses yet" } }),
  completes: "container",
  examples: ["ocicat rm web", "ocicat rm -f web db", "ocicat rm --all"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const force = flags.switch("force");
    const mayBeGone = force || flags.switch("ignore");
    const time = flags.text("time");
    if (time !== undefined && !force) {
      throw badValue("time", time, "it needs --force");
    }
    const chosen = await chosenContainers(flags, "all");
    const words = flags.switch("depend") ? await dependentsBefore(chosen, place) : chosen;
    const ending = { ...place, ...endingOptions(words.length) };
    const timeoutMs = time === undefined ? undefined : parsePatience(time, "--time");
    const ended = force ? await endThem(words, ending, timeoutMs) : [];
    const options = { ...ending, force, volumes: flags.switch("volumes") };
    return forEachContainer(words, command, async (word) => {
      const removed = await remove(word, options, mayBeGone);
      // With its end one of --rm is gone.
      return removed ?? ended.find((each) => each === word);
    });
  },
});

/** Those that could be ended; of the others the removal tells. */
async function endThem(
  words: readonly string[],
  ending: ReturnType<typeof endingOptions> & SurroundingsOptions,
  timeoutMs: number | undefined,
): Promise<readonly string[]> {
  if (timeoutMs !== undefined) {
    return prepareContainers(words, (word) => stopContainer(word, { ...ending, timeoutMs }));
  }
  return words.length > 1 ? prepareContainers(words, (word) => killForRemoval(word, ending)) : [];
}

async function dependentsBefore(
  words: readonly string[],
  place: SurroundingsOptions,
): Promise<readonly string[]> {
  const { withDependents } = await import("../../engine/containers/dependents.ts");
  return withDependents(words, place);
}

/** Undefined: it is not there, which was asked for. */
function remove(
  word: string,
  options: RemoveOptions,
  mayBeGone: boolean,
): Promise<string | undefined> {
  const removed = removeContainer(word, options).then(() => word);
  return mayBeGone ? removed.catch(unlessMissing) : removed;
}
