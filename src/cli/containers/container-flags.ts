// Flags that commands on containers have in common, and the options that they make.

import { OcicatError } from "../../error/ocicat-error.ts";
import { absolutePath } from "../absolute-path.ts";
import { describeFailure } from "../describe-failure.ts";
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
    help: "before it is killed; the container's own, or 10",
  },
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
    onWarning: (text: string) => writeError(`ocicat: warning: ${text}\n`),
  };
}

/**
 * Does it for each word, prints what comes of it, and goes on after a failure. Returns the exit code.
 */
export async function forEachContainer(
  words: readonly string[],
  command: string,
  act: (word: string) => Promise<string | undefined>,
): Promise<number> {
  let code = 0;
  for (const word of words) {
    try {
      const text = await act(word);
      writeOutput(text === undefined ? "" : `${text}\n`);
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      writeError(`${command}: ${describeFailure(error)}\n`);
      code = 1;
    }
  }
  return code;
}

/** "10", in seconds. */
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
