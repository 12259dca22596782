// Hands chunks from one task to another, one at a time: the giver waits until each has been taken, so
// that nothing piles up between the two.

interface Waiting {
  readonly chunk: Uint8Array;
  readonly taken: () => void;
}

interface Taker {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

type State =
  | { readonly kind: "open" }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: unknown };

const DONE = { done: true, value: undefined } as const;

/** The taking side is the iteration; there is one. */
export class Handoff implements AsyncIterable<Uint8Array> {
  #state: State = { kind: "open" };
  #waiting: Waiting | undefined;
  #taker: Taker | undefined;
  #isLeft = false;

  /** Fulfilled when the chunk has been taken, or nobody is going to. One at a time. */
  give(chunk: Uint8Array): Promise<void> {
    if (this.#isLeft) {
      return Promise.resolve();
    }
    const taker = this.#taker;
    if (taker !== undefined) {
      this.#taker = undefined;
      taker.resolve({ done: false, value: chunk });
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.#waiting = { chunk, taken };
    });
  }

  /** There are no more. */
  end(): void {
    this.#state = { kind: "ended" };
    this.#taker?.resolve(DONE);
    this.#taker = undefined;
  }

  /** The taker gets the error, in place of what was not taken. */
  fail(error: unknown): void {
    this.#state = { kind: "failed", error };
    this.#taker?.reject(error);
    this.#taker = undefined;
    this.#letGo();
  }

  /** The taker wants no more. What is given from now on goes nowhere, and nobody waits. */
  leave(): void {
    this.#isLeft = true;
    this.#letGo();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.leave();
        return Promise.resolve(DONE);
      },
    };
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#state.kind === "failed") {
      return Promise.reject(this.#state.error);
    }
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.taken();
      return Promise.resolve({ done: false, value: waiting.chunk });
    }
    if (this.#state.kind === "ended") {
      return Promise.resolve(DONE);
    }
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  #letGo(): void {
    this.#waiting?.taken();
    this.#waiting = undefined;
  }
}
