// What becomes of a stage that stays as a holder.

import type { HoldEnd } from "../plan/request.ts";

/** Of options that may have more than the holder is told. */
export function holdEnd(options: Omit<HoldEnd, "kind">): HoldEnd {
  const {
    stdin,
    stdinIsPrimarys,
    directoryFd,
    isRecordBrief,
    primaryFd,
    listenerFd,
    socketPath,
    log,
    fifos,
    onExit,
    lockFds,
    reaps,
    supervisor,
  } = options;
  return {
    kind: "hold",
    stdin,
    directoryFd,
    ...(stdinIsPrimarys === undefined ? {} : { stdinIsPrimarys }),
    ...(isRecordBrief === undefined ? {} : { isRecordBrief }),
    ...(primaryFd === undefined ? {} : { primaryFd }),
    ...(listenerFd === undefined ? {} : { listenerFd }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(log === undefined ? {} : { log }),
    ...(fifos === undefined ? {} : { fifos }),
    ...(onExit === undefined ? {} : { onExit }),
    ...(lockFds === undefined ? {} : { lockFds }),
    ...(reaps === undefined ? {} : { reaps }),
    ...(supervisor === undefined ? {} : { supervisor }),
  };
}
