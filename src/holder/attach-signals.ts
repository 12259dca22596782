// Which signals an attached client takes for the container instead of obeying them itself.

import { SIGCHLD, SIGCONT, SIGKILL, SIGNALS, SIGPIPE, SIGSTOP, SIGWINCH } from "../abi/process.ts";

const LOWEST_REALTIME = 34;
const HIGHEST_SIGNAL = 64;

/** Signals that are about this process: its faults, its children, job control of its own terminal. */
const OWN_SIGNALS = new Set([
  SIGKILL,
  SIGSTOP,
  SIGCHLD,
  SIGPIPE,
  ...["ILL", "TRAP", "BUS", "FPE", "SEGV", "SYS", "XCPU", "XFSZ", "PROF", "VTALRM"].map(numberOf),
  ...["TSTP", "TTIN", "TTOU", "URG"].map(numberOf),
  // The JavaScript engine stops its own threads with it.
  numberOf("PWR"),
]);

/** What is about the terminal of a client that obeys all others itself. */
export const TERMINAL_SIGNALS: readonly number[] = [SIGWINCH, SIGCONT];

function numberOf(name: string): number {
  return SIGNALS[name] ?? 0;
}

/** Everything else, the real-time signals included; SIGWINCH, which becomes a resize, too. */
export function attachSignals(): number[] {
  const standard = Array.from({ length: 31 }, (_, index) => index + 1);
  const realtime = Array.from(
    { length: HIGHEST_SIGNAL - LOWEST_REALTIME + 1 },
    (_, index) => LOWEST_REALTIME + index,
  );
  return [...standard, ...realtime].filter((signal) => !OWN_SIGNALS.has(signal));
}
