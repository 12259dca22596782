// A holder is the last one that the kernel ends for want of memory: without it nobody keeps the container.
// What it executes and starts is to have the score that it had itself: a container that is started again
// has the same as it had when a user started it.

import { O_CLOEXEC, O_WRONLY } from "../abi/file.ts";
import { flags, type ProgramBuilder } from "../program/builder.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";

/** -1000 would mean never, whatever it takes. */
const LAST = -999;

/** `own`: what it is; undefined: it may not be lowered, and stays. */
export function spareFromOomKills(program: ProgramBuilder, own: number | undefined): void {
  if (own !== undefined) {
    setOwnScore(program, LAST);
  }
}

/** Undoes spareFromOomKills, in the same process or a child of it. */
export function endSparing(program: ProgramBuilder, own: number | undefined): void {
  if (own !== undefined) {
    setOwnScore(program, own);
  }
}

/** Whatever fails: a container is held all the same. */
function setOwnScore(program: ProgramBuilder, score: number): void {
  const describes = `write "${score}" to "/proc/self/oom_score_adj"`;
  const refused = program.label();
  const content = program.text(String(score));
  const path = program.text("/proc/self/oom_score_adj");
  const openFlags = flags(O_WRONLY | O_CLOEXEC, OPEN_NAMES);
  const file = program.call("openat", [CURRENT_DIRECTORY, path, openFlags], {
    result: "oomScore",
    describes,
    caught: { errnos: "any", target: refused },
  });
  program.call("write", [file, content, content.size - 1], {
    describes,
    caught: { errnos: "any" },
  });
  program.close(file);
  program.place(refused);
}
