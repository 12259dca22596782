// Sets of signals, as the kernel has them: 64 bits, signal N is bit N - 1.

import { SIG_BLOCK } from "../abi/process.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { words } from "./memory.ts";
import type { SignalMask } from "./process.ts";

const HIGHEST_SIGNAL = 64;
const SIGNAL_SET_BYTES = 8;

export function signalSet(signals: readonly number[]): SignalMask {
  const set = words(2);
  for (const signal of signals) {
    const bit = signal - 1;
    const index = bit >> 5;
    set[index] = (set[index] ?? 0) | (1 << (bit & 31));
  }
  return set;
}

export function signalsOf(set: Uint32Array): number[] {
  const all = Array.from({ length: HIGHEST_SIGNAL }, (_, bit) => bit + 1);
  return all.filter(
    (signal) => (((set[(signal - 1) >> 5] ?? 0) >>> ((signal - 1) & 31)) & 1) === 1,
  );
}

/** Blocks the signals of `set` beside those that are; returns the mask that was, for restoreSignals. */
export function blockSignals(set: SignalMask): SignalMask {
  const old = words(2);
  const args = [SIG_BLOCK, addressOf(set), addressOf(old), SIGNAL_SET_BYTES] as const;
  checked(call("rt_sigprocmask", ...args), "block", "signals");
  return old;
}
