// The OOM score of this process, which what it launches begins with.

import type { HoldEnd } from "../plan/request.ts";
import { call } from "../sys/call.ts";
import { readTextFile } from "../sys/file.ts";

/** For a holder. An ordinary user can't lower it. */
export function ownOomScore(): Pick<HoldEnd, "ownOomScore"> {
  return call("geteuid") === 0
    ? { ownOomScore: Number.parseInt(readTextFile("/proc/self/oom_score_adj"), 10) }
    : {};
}
