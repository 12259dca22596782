// A signal ends the benchmark before its next step, so that everything is removed that there is by then: hundreds of
// containers, perhaps.

import { CommandError } from "../processes.ts";

/** As a shell has it of SIGINT. */
const INTERRUPTED = 130;

let isInterrupted = false;

export function watchForInterruption(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      isInterrupted = true;
    });
  }
}

/** Throws when a signal has come. */
export function goOnUnlessInterrupted(): void {
  if (isInterrupted) {
    throw new CommandError(["npm run bench"], INTERRUPTED);
  }
}
