// How many transfers run at a time. Whoever comes later waits, first come first served.

import { onAbort } from "../../sys/abort.ts";
import { throwIfAborted } from "./retry.ts";

export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = Math.max(1, count);
  }

  /** Disposed of, the slot goes to the next. Throws "interrupted" when the signal comes first. */
  async take(signal: AbortSignal | undefined): Promise<Disposable> {
    throwIfAborted(signal);
    if (this.#free > 0) {
      this.#free -= 1;
    } else {
      await this.#turn(signal);
    }
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) {
          isHeld = false;
          this.#giveBack();
        }
      },
    };
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = () => {
      // Unless the slot has been handed over already: then it goes on to somebody else.
      if (!this.#waiting.delete(resolve)) {
        this.#giveBack();
      }
      resolve();
    };
    this.#waiting.add(resolve);
    using _interruption = onAbort(signal, stop);
    await promise;
    throwIfAborted(signal);
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
