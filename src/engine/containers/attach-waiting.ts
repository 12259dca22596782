// How a client that is attached waits.

import type { Wait } from "../../holder/attach.ts";
import { poll } from "../../sys/poll.ts";
import type { RunContainerOptions } from "../run-options.ts";

/** A short command does not load what waits in the event loop. */
export async function waitOf({
  standsStill,
}: Pick<RunContainerOptions, "standsStill">): Promise<Wait> {
  if (standsStill === true) {
    return poll;
  }
  const { pollInLoop } = await import("../../sys/waiting.ts");
  return pollInLoop;
}
