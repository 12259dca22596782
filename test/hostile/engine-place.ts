// A RunPlace whose commands can be killed at a system call (engine-process.ts) or at any moment, and the
// numbered lines that its containers write.

import { expect } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "../e2e/container-place.ts";
import { eventually } from "../peers/conditions.ts";
import { bundleProgram } from "./bundle-program.ts";

/** Writes "line 1", "line 2", ..., some thousand a second, until TERM comes; then ends with 7. */
const NUMBERED_LINES =
  "trap 'exit 7' TERM; i=0; while :; do i=$((i+1)); echo line $i; [ $((i%50)) = 0 ] && sleep 0.01; done";

export type CommandEnd = "done" | "failed" | "killed";

export interface Killing {
  /** 1 is the first call. */
  readonly atCall?: number;
  readonly afterMs?: number;
}

/** Of `calls`, as many as there are rounds, spread evenly with a random beginning. */
export function callNumbers(calls: number, rounds: number, random: () => number): number[] {
  const step = calls / rounds;
  const begin = random() * step;
  return Array.from({ length: rounds }, (_, index) => 1 + Math.floor(begin + index * step));
}

export class EnginePlace extends ContainerPlace {
  #program = "";

  /** Makes the commands from the sources: the compiled program tells nobody of its calls. */
  async build(): Promise<void> {
    this.#program = await bundleProgram("engine-process", this.makeFolder("program"));
  }

  /** The words of a `run` or `create` of a container that writes numbered lines. */
  writerWords(name: string, ...flags: readonly string[]): string[] {
    const words = ["--rootfs", this.root, "/bin/sh", "-c", NUMBERED_LINES];
    return this.command([...flags, ...words], name)
      .slice(2)
      .filter((word) => word !== "--rm");
  }

  async kill(command: readonly string[], { atCall, afterMs }: Killing): Promise<CommandEnd> {
    const child = Bun.spawn([process.execPath, this.#program, ...command], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      cwd: this.folder,
      env: { ...process.env, ...(atCall === undefined ? {} : { KILL_AT_CALL: String(atCall) }) },
    });
    if (afterMs !== undefined) {
      await Bun.sleep(afterMs);
      child.kill("SIGKILL");
    }
    const code = await child.exited;
    if (child.signalCode === "SIGKILL") {
      return "killed";
    }
    return code === 0 ? "done" : "failed";
  }

  /** One that needs fewer calls than the one that was measured may be done before the last of them. */
  async isKilledAt(command: readonly string[], atCall: number, calls: number): Promise<boolean> {
    const end = await this.kill(command, { atCall });
    return end === "killed" || (end === "done" && atCall > 0.8 * calls);
  }

  /** Undisturbed: its system calls, and how long it took. */
  async measure(command: readonly string[]): Promise<{ readonly calls: number; ms: number }> {
    const file = join(this.folder, "calls");
    const begin = performance.now();
    const child = Bun.spawn([process.execPath, this.#program, ...command], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
      cwd: this.folder,
      env: { ...process.env, COUNT_CALLS: file },
    });
    expect(await child.exited).toBe(0);
    const ms = performance.now() - begin;
    const calls = Number(readFileSync(file, "utf8"));
    rmSync(file);
    return { calls, ms };
  }

  /** As `ps -a` has it; "": there is none. */
  statusOf(name: string): string {
    const words = ["-a", "--filter", `name=${name}`, "--format", "{{.Status}}"];
    return this.outputOf("ps", ...words).trim();
  }

  /**
   * Each line of each run of the container is there once and in order; where a holder was killed, a mark
   * says so, and no more is missing than it may have had in its hands. Returns the number of the last line.
   */
  expectWholeLog(name: string, runs = 1): number {
    const log = readFileSync(join(this.folderOf(name), "log"), "utf8");
    const numbers = new NumberedLines(runs);
    for (const entry of log.split("\n").slice(0, -1)) {
      numbers.take(entry);
    }
    return numbers.last;
  }

  /** What any next commands leave: nothing. */
  async expectCleared(what: string): Promise<void> {
    this.clear();
    expect(this.call("container prune", ["--force"]).stderr).toBe("");
    try {
      await eventually("nothing to be left", () => this.leftovers().length === 0);
    } catch (cause) {
      throw new Error(`${what} leaves ${this.leftovers().join(", ")}`, { cause });
    }
  }
}

const ENTRY = /^\S{30} (stdout|stderr) ([PF]) (.*)$/;
const MARK = /^output may be missing here, at most (\d+) bytes: /;

/** As expect, which takes too long for each of many thousands of lines. */
function must(isSo: boolean, wanted: string, found: string): void {
  if (!isSo) {
    throw new Error(`the log has "${found}", and not ${wanted}`);
  }
}

/** The entries of a writer's log. */
class NumberedLines {
  last = 0;
  readonly #runs: number;
  #begun = 0;
  #line = "";
  /** Of marks since the last line, in bytes; undefined: none. */
  #allowance: number | undefined;

  constructor(runs: number) {
    this.#runs = runs;
  }

  take(entry: string): void {
    const [, stream, tag, text = ""] = ENTRY.exec(entry) ?? [];
    must(stream !== undefined, "an entry", entry);
    if (stream === "stderr") {
      const [, bytes] = MARK.exec(text) ?? [];
      must(bytes !== undefined, "a mark", entry);
      this.#allowance = (this.#allowance ?? 0) + Number(bytes);
      return;
    }
    this.#line += text;
    if (tag === "F") {
      this.#takeLine(this.#line, text === "");
      this.#line = "";
    }
  }

  /** `isCut`: the process, or whoever was to write the line, could not finish it. */
  #takeLine(line: string, isCut: boolean): void {
    const number = Number(/^line (\d+)$/.exec(line)?.[1] ?? Number.NaN);
    // Behind a mark: the rest of a line whose beginning is lost.
    const isRest = Number.isNaN(number) && this.#allowance !== undefined;
    if (isCut || isRest) {
      return;
    }
    if (number === 1) {
      this.#begun += 1;
      must(this.#begun <= this.#runs, `a line of ${this.#runs} runs`, line);
    } else if (this.#allowance === undefined) {
      must(number === this.last + 1, `line ${this.last + 1}`, line);
    } else {
      const missing = number - this.last - 1;
      const isAllowed = missing >= 0 && missing * "line 1\n".length <= this.#allowance;
      must(isAllowed, `at most ${this.#allowance} bytes behind line ${this.last}`, line);
    }
    this.#allowance = undefined;
    this.last = number;
  }
}
