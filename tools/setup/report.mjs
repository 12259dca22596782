// What the set-up says, and the one error it ends with. Everything goes to stderr: stdout belongs to
// the program that the set-up starts.

/** The set-up cannot go on; the message names what is missing and what to do. */
export class SetupError extends Error {}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}
