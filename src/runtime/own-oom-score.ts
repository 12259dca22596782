// The OOM score of this process, which what it launches begins with.

import type { HoldEnd } from "../plan/request.ts";
import { call } from "../sys/call.ts";
import { readTextFile } from "../sys/file.ts";

/** What an ordinary user is to know who wants a process to have a lower one: it keeps ours, as with runc. */
export function oomScoreWarning(wanted: number): string | undefined {
  const own = readOwnOomScore();
  return wanted < own && call("geteuid") !== 0
    ? `an OOM score of ${wanted} is below your own, ${own}, which only root can give: ignored`
    : undefined;
}

/** For a holder. An ordinary user can't lower it. */
export function ownOomScore(): Pick<HoldEnd, "ownOomScore"> {
  return call("geteuid") === 0 ? { ownOomScore: readOwnOomScore() } : {};
}

function readOwnOomScore(): number {
  return Number.parseInt(readTextFile("/proc/self/oom_score_adj"), 10);
}
