// Compiles C for tests: with the C library, so that the sanitizers can watch.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../../tools/repository.ts";

export interface Target {
  readonly name: string;
  readonly compiler: string;
  /** What runs the program: nothing, or an emulator. */
  readonly runner: readonly string[];
  readonly flags: readonly string[];
}

/** This machine's own architecture, under the address and undefined-behaviour sanitizers. */
export const SANITIZED: Target = {
  name: "sanitized",
  compiler: "gcc",
  runner: [],
  flags: ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
};

/** The same without sanitizers, which would watch handlers and children. */
export const PLAIN: Target = { ...SANITIZED, name: "plain", flags: ["-O2"] };

/** The other architecture, emulated. */
export const EMULATED_AARCH64: Target = {
  name: "aarch64",
  compiler: "aarch64-linux-gnu-gcc",
  runner: ["qemu-aarch64"],
  flags: ["-O2", "-static"],
};

/** What of a target's tools this machine lacks; a test that is skipped says so by this name. */
export function missingTools(target: Target): string[] {
  return [target.compiler, ...target.runner.slice(0, 1)].filter((tool) => Bun.which(tool) === null);
}

export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "ocicat-native-"));

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Compiles `sources` (paths below the repository) to `output`. Throws with the compiler's words. */
export function compileHosted(target: Target, sources: readonly string[], output: string): void {
  const paths = sources.map((source) => join(REPOSITORY, source));
  const warnings = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"];
  const command = [target.compiler, ...warnings, ...target.flags, ...paths, "-o", output];
  const result = Bun.spawnSync(command, { stderr: "pipe" });
  if (result.exitCode !== 0) {
    throw new Error(`${command.join(" ")}\n${result.stderr.toString()}`);
  }
}
