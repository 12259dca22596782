// pod start, stop, restart, kill, pause, unpause: what pods go through as a whole.

import {
  killPod,
  pausePod,
  restartPod,
  startPod,
  stopPod,
  unpausePod,
} from "../../engine/pods/pod-operations.ts";
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
import type { FlagsOf, FlagTable } from "../flags.ts";
import { parseSignal } from "../signal-argument.ts";
import { NAMED_PODS, POD_CHOICE_FLAGS, wantedPods } from "./choose-pods.ts";

type Change<Options> = (word: string, options: Options) => Promise<string>;
type Place = ReturnType<typeof placeOptions>;

const PLAIN_FLAGS = { ...POD_CHOICE_FLAGS, ...PLACE_FLAGS } as const satisfies FlagTable;
const ENDING_FLAGS = {
  ...POD_CHOICE_FLAGS,
  ...TIME_FLAG,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;
const STOP_FLAGS = { ...ENDING_FLAGS, ...IGNORE_FLAG } as const satisfies FlagTable;
const USAGE = ["[FLAGS] POD...", "[FLAGS] --all|--latest"];

async function changeEach(
  flags: FlagsOf<typeof PLAIN_FLAGS>,
  command: string,
  change: Change<Place>,
): Promise<number> {
  const place = placeOptions(flags);
  const words = await wantedPods(flags);
  return forEachContainer(words, command, (word) => change(word, place));
}

interface PodEnding {
  readonly command: string;
  readonly end: Change<Parameters<typeof stopPod>[1]>;
  /** One that is not there is no failure. */
  readonly mayBeGone?: boolean;
}

async function endEach(
  flags: FlagsOf<typeof ENDING_FLAGS>,
  { command, end, mayBeGone = false }: PodEnding,
): Promise<number> {
  const time = flags.text("time");
  const options = {
    ...placeOptions(flags),
    ...(time === undefined ? {} : { timeoutMs: parsePatience(time, "--time") }),
  };
  const words = await wantedPods(flags);
  return forEachContainer(words, command, (word) => {
    const ended: Promise<string | undefined> = end(word, options);
    return mayBeGone ? ended.catch(unlessMissing) : ended;
  });
}

export const start = defineCommand({
  usage: USAGE,
  about: "Starts the process of a pod, and then its containers in the order of their creation.",
  flags: PLAIN_FLAGS,
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod start web", "ocicat pod start --all"],
  act: (flags, { command }) => changeEach(flags, command, startPod),
});

export const pause = defineCommand({
  usage: USAGE,
  about: "Lets the processes of pods stand still until they are unpaused.",
  flags: PLAIN_FLAGS,
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod pause web"],
  act: (flags, { command }) => changeEach(flags, command, pausePod),
});

export const unpause = defineCommand({
  usage: USAGE,
  about: "Lets paused pods go on.",
  flags: PLAIN_FLAGS,
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod unpause web", "ocicat pod unpause --all"],
  act: (flags, { command }) => changeEach(flags, command, unpausePod),
});

export const stop = defineCommand({
  usage: USAGE,
  about: `Stops the containers of a pod, the latest first, and then its process. One that has not ended in time
is killed.`,
  flags: STOP_FLAGS,
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod stop web", "ocicat pod stop -t 2 --all"],
  act: (flags, { command }) =>
    endEach(flags, { command, end: stopPod, mayBeGone: flags.switch("ignore") }),
});

export const restart = defineCommand({
  usage: USAGE,
  about: "Stops pods and starts them again, with all of their containers.",
  flags: ENDING_FLAGS,
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod restart web"],
  act: (flags, { command }) => endEach(flags, { command, end: restartPod }),
});

export const kill = defineCommand({
  usage: USAGE,
  about: "Sends a signal to the first process of each container of a pod, and to the pod's own.",
  flags: {
    ...POD_CHOICE_FLAGS,
    signal: {
      kind: "text",
      aliases: ["s"],
      value: "SIGNAL",
      help: "KILL, the default, HUP, 10...",
    },
    ...PLACE_FLAGS,
  },
  args: NAMED_PODS,
  completes: "pod",
  examples: ["ocicat pod kill web", "ocicat pod kill -s HUP web"],
  async act(flags, { command }) {
    const signal = parseSignal(flags.text("signal") ?? "KILL");
    const options = { ...placeOptions(flags), signal };
    const words = await wantedPods(flags);
    return forEachContainer(words, command, (word) => killPod(word, options));
  },
});
