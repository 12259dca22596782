// Tasks that belong together: a bounded number of them work at a time, and the first failure ends all.

import { OcicatError } from "../../error/ocicat-error.ts";
import { onAbort } from "../../sys/abort.ts";

export class TaskGroup {
  readonly #controller = new AbortController();
  readonly #outer: Disposable;
  readonly #tasks: Promise<unknown>[] = [];
  readonly #queue: (() => void)[] = [];
  #free: number;
  readonly #failures: unknown[] = [];

  /** `outer`: ends all tasks too. */
  constructor(atOnce: number, outer?: AbortSignal) {
    this.#free = atOnce;
    this.#outer = onAbort(outer, this.#abort);
  }

  /** Comes with the first failure, or from outside. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** When it is its turn. A task that never had one is rejected with what ended the group. */
  queue<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.start(async () => {
      await this.#turn();
      try {
        this.#checkGoingOn();
        return await work();
      } catch (error) {
        // Before the next one has its turn.
        this.#fail(error);
        throw error;
      } finally {
        this.#leave();
      }
    });
  }

  /** At once, beside those that take turns. */
  start<Result>(work: () => Promise<Result>): Promise<Result> {
    const task = work().catch((error: unknown) => {
      this.#fail(error);
      throw error;
    });
    // Whether somebody waits for this very task or not: finish() tells.
    task.catch(() => undefined);
    this.#tasks.push(task);
    return task;
  }

  /** Waits until all have ended. Throws the first failure, with those of ending the others attached. */
  async finish(): Promise<void> {
    // A task may start others, and end before them.
    for (let known = -1; known !== this.#tasks.length; ) {
      known = this.#tasks.length;
      await Promise.allSettled(this.#tasks);
    }
    this.#outer[Symbol.dispose]();
    const [first, ...others] = this.#failures;
    if (first instanceof OcicatError) {
      first.cleanupFailures.push(...others.filter((error) => error !== first && !isOwnEnd(error)));
    }
    if (first !== undefined) {
      throw first;
    }
  }

  #fail(error: unknown): void {
    if (!this.#failures.includes(error)) {
      this.#failures.push(error);
    }
    this.#abort();
  }

  readonly #abort = (): void => this.#controller.abort();

  #checkGoingOn(): void {
    if (this.signal.aborted) {
      throw (
        this.#failures[0] ??
        new OcicatError("interrupted", {
          operation: "bring in",
          subject: "the image",
          reason: "cancelled",
        })
      );
    }
  }

  #turn(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#queue.push(resolve);
    });
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) {
      this.#free += 1;
    } else {
      next();
    }
  }
}

function isOwnEnd(error: unknown): boolean {
  return error instanceof OcicatError && error.code === "interrupted";
}
