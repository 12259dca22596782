// The machine code that catches signals, on both processors.

import { describe, expect, test } from "bun:test";
import { aarch64 } from "../../src/abi/aarch64.ts";
import type { Architecture } from "../../src/abi/architecture.ts";
import { x86_64 } from "../../src/abi/x86-64.ts";
import {
  compileHosted,
  EMULATED_AARCH64,
  missingTools,
  SANITIZED,
  type Target,
  TestFolder,
} from "./compiler.ts";

/** Without sanitizers, which would watch handlers. */
const PLAIN: Target = { ...SANITIZED, flags: ["-O2"] };

const host: Architecture = process.arch === "arm64" ? aarch64 : x86_64;

/** What the handler wrote for two signals, each sent twice. */
function runHandler(target: Target, architecture: Architecture): string[] {
  const folder = new TestFolder();
  try {
    const program = folder.file("signal-handler-call");
    compileHosted(target, ["test/native/signal-handler-call.c"], program);
    return ["10", "15"].map((signal) => {
      const args = [program, architecture.signalHandler, signal];
      const { exitCode, stdout } = Bun.spawnSync([...target.runner, ...args]);
      return `${stdout.toString()}status ${exitCode}`;
    });
  } finally {
    folder.remove();
  }
}

const WANTED = ["10\n10\nstatus 0", "15\n15\nstatus 0"];

describe.skipIf(missingTools(PLAIN).length > 0)("on this machine (needs gcc)", () => {
  test("the handler writes the signal and returns", () => {
    expect(runHandler(PLAIN, host)).toEqual(WANTED);
  });
});

describe.skipIf(missingTools(EMULATED_AARCH64).length > 0)(
  "on aarch64 (needs aarch64-linux-gnu-gcc and qemu-aarch64)",
  () => {
    test("the handler writes the signal and returns", () => {
      expect(runHandler(EMULATED_AARCH64, aarch64)).toEqual(WANTED);
    });
  },
);
