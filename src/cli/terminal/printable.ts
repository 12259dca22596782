// Text of others (images, registries) for a terminal. What a terminal would obey is shown instead: escape
// sequences could write over what stands there, or make it type.

import { isTerminal } from "../../sys/terminal.ts";
import { writeOutput } from "../write-text.ts";

const STDOUT = 1;

/** Control characters, and those that turn the direction of writing. */
const OBEYED = /[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;

/** "\x1b" in place of the character; tabs and ends of lines stay. */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, (character) => {
    if (character === "\n" || character === "\t") {
      return character;
    }
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** To standard output: as it is for a program, printable for a person. */
export function showText(text: string): void {
  writeOutput(isTerminal(STDOUT) ? printable(text) : text);
}
