// The signal that a container's record names for `stop`, as images and users write it: SIGTERM, TERM, 15,
// SIGRTMIN+3.

import { SIGNALS } from "../../abi/process.ts";

const HIGHEST_SIGNAL = 64;

/** Undefined: the kernel has none of this name; an image may say anything. */
export function signalNumber(text: string): number | undefined {
  const [, word = "", offset = "0"] = /^(?:SIG)?([A-Z0-9]+)([+-]\d{1,2})?$/.exec(text) ?? [];
  const base = /^\d{1,2}$/.test(word) ? Number(word) : SIGNALS[word];
  const number = (base ?? 0) + Number(offset);
  return number >= 1 && number <= HIGHEST_SIGNAL && base !== undefined ? number : undefined;
}
