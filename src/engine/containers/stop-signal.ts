// How `stop` ends a container: the signal that its record names, as images and users write it (SIGTERM, TERM,
// 15, SIGRTMIN+3), and how long it has then.

import { SIGNALS } from "../../abi/process.ts";

/** Of one that was told nothing else. */
export const DEFAULT_STOP_MS = 10_000;
/** Of one that is never killed: as long as a call of the kernel waits, 24 days. */
export const FOREVER_MS = 0x7fff_ffff;

const HIGHEST_SIGNAL = 64;

/** Undefined: the kernel has none of this name; an image may say anything. */
export function signalNumber(text: string): number | undefined {
  const [, word = "", offset = "0"] = /^(?:SIG)?([A-Z0-9]+)([+-]\d{1,2})?$/.exec(text) ?? [];
  const base = /^\d{1,2}$/.test(word) ? Number(word) : SIGNALS[word];
  const number = (base ?? 0) + Number(offset);
  return number >= 1 && number <= HIGHEST_SIGNAL && base !== undefined ? number : undefined;
}
