// Starts verbs in processes of their own (verb-process.ts), as one file: starting from the sources would
// cost more than what is tested.

import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleProgram } from "./bundle-program.ts";
import type { Scratch } from "./scratch.ts";
import type { VerbRequest } from "./verb-process.ts";

/** Far more than any verb takes. */
const TIMEOUT_MS = 60_000;

export type VerbEnd = "done" | "failed" | "killed";

export class VerbRunner {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  static async build(scratch: Scratch): Promise<VerbRunner> {
    const outdir = join(scratch.folder, "verb");
    mkdirSync(outdir);
    return new VerbRunner(await bundleProgram("verb-process", outdir));
  }

  command(request: VerbRequest): string[] {
    return [process.execPath, this.#program, JSON.stringify(request)];
  }

  run(request: VerbRequest): { readonly end: VerbEnd; readonly text: string } {
    // A file and not a pipe: the container's process keeps it open.
    const output = `${this.#program}.output`;
    const fd = openSync(output, "w");
    const result = Bun.spawnSync(this.command(request), {
      stdin: "ignore",
      stdout: fd,
      stderr: fd,
      timeout: TIMEOUT_MS,
      killSignal: "SIGABRT",
    });
    closeSync(fd);
    const text = readFileSync(output, "utf8");
    if (result.signalCode === "SIGKILL") {
      return { end: "killed", text };
    }
    return { end: result.exitCode === 0 ? "done" : "failed", text };
  }
}
