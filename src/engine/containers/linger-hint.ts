// What an ordinary user at a terminal is told whose containers end when he logs out.

import { stat } from "../../sys/file.ts";
import { isTerminal } from "../../sys/terminal.ts";

const STDERR = 2;
/** A file for each user whose systemd outlives the sessions: loginctl(1). */
const LINGER = "/var/lib/systemd/linger";

/** `what`: "the container". Scripts are not told: their output is read by others. */
export function lingerHint(what: string, onWarning: ((text: string) => void) | undefined): void {
  const name = process.env["USER"];
  if (name === undefined || name.includes("/") || !isTerminal(STDERR)) {
    return;
  }
  if (stat(`${LINGER}/${name}`) === undefined) {
    onWarning?.(`${what} ends when you have logged out: \`loginctl enable-linger\` lets it go on`);
  }
}
