// Options of commands that end containers.

import { settleEnded } from "../../engine/containers/settle-ended.ts";

/** Of a command that ends `count` containers, and does nothing else. */
export function endingOptions(count: number) {
  return { settle: settleEnded, standsStill: count === 1 };
}
