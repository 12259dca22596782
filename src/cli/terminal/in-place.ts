// Tables that are shown again and again.

import { isTerminal } from "../../sys/terminal.ts";

const STDOUT = 1;
const CLEAR_SCREEN = "\x1b[2J\x1b[H";

/** At a terminal it takes the place of what is there. */
export function inPlace(text: string): string {
  return isTerminal(STDOUT) ? `${CLEAR_SCREEN}${text}` : text;
}
