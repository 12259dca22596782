// A signal as people and clients write it: KILL, SIGKILL, 9, RTMIN+3.

import { SIGNALS } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";

const HIGHEST_SIGNAL = 64;

/** Its number; 0 only asks whether the container runs. */
export function parseSignal(text: string): number {
  if (/^\d{1,3}$/.test(text)) {
    return inRange(text, Number(text));
  }
  const [, name = "", sign, distance] = /^(?:SIG)?([A-Z0-9]+)(?:([+-])(\d+))?$/.exec(
    text.toUpperCase(),
  ) ?? [undefined];
  const number = SIGNALS[name];
  const isRelative = sign !== undefined;
  if (number === undefined || (isRelative && !name.startsWith("RTM"))) {
    throw unknownSignal(text);
  }
  const offset = isRelative ? Number(`${sign}${distance}`) : 0;
  const isRealtime = !isRelative || number + offset >= (SIGNALS["RTMIN"] ?? 0);
  if (!isRealtime) {
    throw unknownSignal(text);
  }
  return inRange(text, number + offset);
}

function inRange(text: string, signal: number): number {
  if (signal > HIGHEST_SIGNAL) {
    throw unknownSignal(text);
  }
  return signal;
}

/** runc's words. */
function unknownSignal(text: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "parse",
    subject: "the command line",
    reason: `unknown signal ${quote(text)}`,
  });
}
