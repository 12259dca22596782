// pod start, stop, restart, kill, pause, unpause: what pods go through as a whole.

import { listPods } from "../../engine/pods/list-pods.ts";
import {
  killPod,
  pausePod,
  restartPod,
  startPod,
  stopPod,
  unpausePod,
} from "../../engine/pods/pod-operations.ts";
import { defineCommand } from "../command.ts";
import {
  forEachContainer,
  PLACE_FLAGS,
  parseSeconds,
  placeOptions,
  requireNoNames,
  TIME_FLAG,
} from "../containers/container-flags.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { parseSignal } from "../signal-argument.ts";

export const ALL_FLAG = {
  all: { kind: "switch", aliases: ["a"], help: "every pod" },
} as const;

interface PodWords {
  readonly args: readonly string[];
  switch(name: "all"): boolean;
  text(name: "store" | "root"): string | undefined;
}

export const NAMED_PODS = {
  min: 1,
  unless: (flags: Pick<PodWords, "switch">): boolean => flags.switch("all"),
} as const;

/** The pods that are named, or all. */
export async function wantedPods(flags: PodWords): Promise<readonly string[]> {
  if (!flags.switch("all")) {
    return flags.args;
  }
  requireNoNames(flags.args, "all");
  return (await listPods(placeOptions(flags))).map(({ record }) => record.id);
}

type Change<Options> = (word: string, options: Options) => Promise<string>;
type Place = ReturnType<typeof placeOptions>;

const PLAIN_FLAGS = { ...ALL_FLAG, ...PLACE_FLAGS } as const satisfies FlagTable;
const ENDING_FLAGS = { ...ALL_FLAG, ...TIME_FLAG, ...PLACE_FLAGS } as const satisfies FlagTable;
const USAGE = ["[FLAGS] POD...", "[FLAGS] --all"];

async function changeEach(
  flags: FlagsOf<typeof PLAIN_FLAGS>,
  command: string,
  change: Change<Place>,
): Promise<number> {
  const place = placeOptions(flags);
  const words = await wantedPods(flags);
  return forEachContainer(words, command, (word) => change(word, place));
}

async function endEach(
  flags: FlagsOf<typeof ENDING_FLAGS>,
  command: string,
  end: Change<Parameters<typeof stopPod>[1]>,
): Promise<number> {
  const time = flags.text("time");
  const options = {
    ...placeOptions(flags),
    ...(time === undefined ? {} : { timeoutMs: parseSeconds(time, "--time") }),
  };
  const words = await wantedPods(flags);
  return forEachContainer(words, command, (word) => end(word, options));
}

export const start = defineCommand({
  usage: USAGE,
  about: "Starts the process of a pod, and then its containers in the order of their creation.",
  flags: PLAIN_FLAGS,
  args: NAMED_PODS,
  examples: ["ocicat pod start web", "ocicat pod start --all"],
  act: (flags, { command }) => changeEach(flags, command, startPod),
});

export const pause = defineCommand({
  usage: USAGE,
  about: "Lets the processes of pods stand still until they are unpaused.",
  flags: PLAIN_FLAGS,
  args: NAMED_PODS,
  examples: ["ocicat pod pause web"],
  act: (flags, { command }) => changeEach(flags, command, pausePod),
});

export const unpause = defineCommand({
  usage: USAGE,
  about: "Lets paused pods go on.",
  flags: PLAIN_FLAGS,
  args: NAMED_PODS,
  examples: ["ocicat pod unpause web", "ocicat pod unpause --all"],
  act: (flags, { command }) => changeEach(flags, command, unpausePod),
});

export const stop = defineCommand({
  usage: USAGE,
  about: `Stops the containers of a pod, the latest first, and then its process. One that has not ended in time
is killed.`,
  flags: ENDING_FLAGS,
  args: NAMED_PODS,
  examples: ["ocicat pod stop web", "ocicat pod stop -t 2 --all"],
  act: (flags, { command }) => endEach(flags, command, stopPod),
});

export const restart = defineCommand({
  usage: USAGE,
  about: "Stops pods and starts them again, with all of their containers.",
  flags: ENDING_FLAGS,
  args: NAMED_PODS,
  examples: ["ocicat pod restart web"],
  act: (flags, { command }) => endEach(flags, command, restartPod),
});

export const kill = defineCommand({
  usage: USAGE,
  about: "Sends a signal to the first process of each container of a pod, and to the pod's own.",
  flags: {
    ...ALL_FLAG,
    signal: {
      kind: "text",
      aliases: ["s"],
      value: "SIGNAL",
      help: "KILL, the default, HUP, 10...",
    },
    ...PLACE_FLAGS,
  },
  args: NAMED_PODS,
  examples: ["ocicat pod kill web", "ocicat pod kill -s HUP web"],
  async act(flags, { command }) {
    const signal = parseSignal(flags.text("signal") ?? "KILL");
    const options = { ...placeOptions(flags), signal };
    const words = await wantedPods(flags);
    return forEachContainer(words, command, (word) => killPod(word, options));
  },
});
