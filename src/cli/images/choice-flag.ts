// Flags whose value is one of a few words.

import { OcicatError, quote } from "../../error/ocicat-error.ts";

/** Undefined where the flag is not given. Throws invalid-argument. */
export function choiceOf<Choice extends string>(
  flag: string,
  text: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  const found = choices.find((choice) => choice === text);
  if (text !== undefined && found === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--${flag} ${quote(text)}`,
      reason: `it is one of ${choices.join(", ")}`,
    });
  }
  return found;
}
