// Has probes done: each by a process of its own, `ocicat healthcheck run`, and no more than a few at a time.
// What a container does to its probe, that process suffers: the supervisor touches nothing of a container.

import { QUICK_START } from "../../sys/launch-notes.ts";
import type { ProbeKind } from "../health/health-check.ts";
import { ownCommand } from "../own-command.ts";
import type { Surroundings } from "../surroundings.ts";

const AT_ONCE = 16;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface ProbeJob {
  readonly id: string;
  readonly kind: ProbeKind;
  /** Before it has ended by itself, nothing is wrong with it. */
  readonly patienceMs: number;
  /** With its exit code; undefined: it has been killed. */
  readonly onEnd: (exitCode: number | undefined) => void;
}

export class ProbeRunner {
  readonly #command: readonly string[];
  readonly #waiting: ProbeJob[] = [];
  #running = 0;

  constructor({ storeRoot, stateRoot }: Pick<Surroundings, "storeRoot" | "stateRoot">) {
    const place = ["--store", storeRoot, "--root", stateRoot];
    this.#command = [...ownCommand(), "healthcheck", "run", ...place];
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  /** In the order in which they are asked for. */
  add(job: ProbeJob): void {
    this.#waiting.push(job);
    this.#next();
  }

  #next(): void {
    const job = this.#running < AT_ONCE ? this.#waiting.shift() : undefined;
    if (job !== undefined) {
      this.#running += 1;
      const run = this.#run(job).catch(() => undefined);
      void run.then((code) => {
        this.#running -= 1;
        job.onEnd(code);
        this.#next();
      });
    }
  }

  async #run({ id, kind, patienceMs }: ProbeJob): Promise<number | undefined> {
    const words = ["--probe", kind, id];
    const deadline = performance.now() + patienceMs;
    const code = await this.#execute(words, patienceMs);
    const isOverdue = code === undefined && performance.now() >= deadline;
    // The probe of a container whose file system, say, never answers.
    return isOverdue ? this.#execute(["--overdue", ...words], patienceMs) : code;
  }

  async #execute(words: readonly string[], patienceMs: number): Promise<number | undefined> {
    const child = Bun.spawn([...this.#command, ...words], {
      env: { ...process.env, ...QUICK_START },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
      timeout: Math.min(patienceMs, LONGEST_TIMER_MS),
      killSignal: "SIGKILL",
    });
    await child.exited;
    return child.exitCode ?? undefined;
  }
}
