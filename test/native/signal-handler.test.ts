// The handler that catches signals, on both processors.

import { describe, expect, test } from "bun:test";
import {
  compileHosted,
  EMULATED_AARCH64,
  missingTools,
  PLAIN,
  type Target,
  TestFolder,
} from "./compiler.ts";

/** What the handler wrote for each signal, which was sent twice, and which signal ended the program then. */
function runHandler(target: Target, signals: readonly number[]): string[] {
  const folder = new TestFolder();
  try {
    const program = folder.file("signal-handler-call");
    compileHosted(target, ["test/native/signal-handler-call.c"], program);
    return signals.map((signal) => {
      const command = ["bash", "-c", '"$@"; echo "status $?"', "bash", ...target.runner, program];
      return Bun.spawnSync([...command, String(signal)], { stderr: "ignore" }).stdout.toString();
    });
  } finally {
    folder.remove();
  }
}

const wanted = (signals: readonly number[]): string[] =>
  signals.map((signal) => `${signal}\n${signal}\nstatus ${128 + signal}\n`);

describe.skipIf(missingTools(PLAIN).length > 0)("on this machine (needs gcc)", () => {
  test("the handler writes the signal and returns", () => {
    const signals = [10, 15, 64];
    expect(runHandler(PLAIN, signals)).toEqual(wanted(signals));
  });
});

describe.skipIf(missingTools(EMULATED_AARCH64).length > 0)(
  "on aarch64 (needs aarch64-linux-gnu-gcc and qemu-aarch64)",
  () => {
    test("the handler writes the signal and returns", () => {
      // The emulator has the last real-time signals for itself.
      const signals = [10, 15];
      expect(runHandler(EMULATED_AARCH64, signals)).toEqual(wanted(signals));
    });
  },
);
