// Flags that commands on containers have in common, and the options that they make.

import { FOREVER_MS } from "../../engine/containers/stop-signal.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { absolutePath } from "../absolute-path.ts";
import { describeFailure } from "../describe-failure.ts";
import { writeWarning } from "../terminal/write-warning.ts";
import { writeError, writeOutput } from "../write-text.ts";

export const PLACE_FLAGS = {
  store: { kind: "text", value: "DIR", help: "folder of images and containers" },
  root: { kind: "text", value: "DIR", help: "folder of running containers' state" },
} as const;

/** How long a container has to end by itself. */
export const TIME_FLAG = {
  time: {
    kind: "text",
    aliases: ["t", "timeout"],
    value: "SECONDS",
    help: "before it is killed; the container's own, or 10; -1: never",
  },
} as const;

export const IGNORE_FLAG = {
  ignore: { kind: "switch", aliases: ["i"], help: "one that is gone is no error" },
} as const;

interface PlaceFlags {
  text(name: "store" | "root"): string | undefined;
}

export function placeOptions(flags: PlaceFlags) {
  const store = flags.text("store");
  const root = flags.text("root");
  return {
    ...(store === undefined ? {} : { storeRoot: absolutePath(store) }),
    ...(root === undefined ? {} : { stateRoot: absolutePath(root) }),
    onWarning: writeWarning,
  };
}

/** Of a flag that says which containers are meant: all of a kind. */
export function requireNoNames(names: readonly string[], flag: string): void {
  if (names.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--${flag}`,
      reason: "it does not go with names",
    });
  }
}

/** For what waits for containers: more only hold descriptors. */
export const MANY_AT_ONCE = 64;

type Act = (word: string) => Promise<string | undefined>;

type Outcome =
  | { readonly kind: "done"; readonly text: string | undefined }
  | { readonly kind: "failed"; readonly word: string; readonly error: OcicatError };

/**
 * Does it for each word, `atOnce` of them at a time, prints what comes of it in the order of the words,
 * and goes on after a failure, which says of which of them it is. Returns the exit code.
 */
export async function forEachContainer(
  words: readonly string[],
  command: string,
  act: Act,
  atOnce = 1,
): Promise<number> {
  let code = 0;
  for await (const outcome of outcomesOf(words, act, atOnce)) {
    if (outcome.kind === "failed") {
      const text = describeFailure(outcome.error);
      const isSaid = words.length === 1 || text.includes(outcome.word);
      writeError(`${command}: ${isSaid ? "" : `${outcome.word}: `}${text}\n`);
      code = 1;
    } else {
      writeOutput(outcome.text === undefined ? "" : `${outcome.text}\n`);
    }
  }
  return code;
}

/**
 * What of a command takes time, for many at once. What fails here fails again in the command. Returns the
 * words for which it did not fail.
 */
export async function prepareContainers(
  words: readonly string[],
  prepare: (word: string) => Promise<void>,
): Promise<readonly string[]> {
  const act = (word: string) => prepare(word).then(() => word);
  const outcomes = await Array.fromAsync(outcomesOf(words, act, MANY_AT_ONCE));
  return outcomes.flatMap((outcome) =>
    outcome.kind === "done" && outcome.text !== undefined ? [outcome.text] : [],
  );
}

async function* outcomesOf(
  words: readonly string[],
  act: Act,
  atOnce: number,
): AsyncGenerator<Outcome> {
  const waiting = [...words];
  const started: Promise<Outcome>[] = [];
  do {
    started.push(...waiting.splice(0, atOnce - started.length).map((word) => outcomeOf(word, act)));
    const first = started.shift();
    if (first !== undefined) {
      yield await first;
    }
  } while (started.length > 0 || waiting.length > 0);
}

async function outcomeOf(word: string, act: Act): Promise<Outcome> {
  try {
    return { kind: "done", text: await act(word) };
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    return { kind: "failed", word, error };
  }
}

/** As parseSeconds; docker has a negative number where a container is never killed. */
export function parsePatience(text: string, flag: string): number {
  return /^-\d+$/.test(text) ? FOREVER_MS : parseSeconds(text, flag);
}

/** "10", in milliseconds. */
export function parseSeconds(text: string, flag: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > 1_000_000) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `${flag} ${JSON.stringify(text)}`,
      reason: "it is not a number of seconds",
    });
  }
  return seconds * 1000;
}
