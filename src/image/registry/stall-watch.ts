// Notices a connection on which nothing, or next to nothing, moves any more. Only the time counts in
// which we wait for the other side: who takes the bytes may be as slow as it likes.

/** Fewer bytes than these in a whole idle time are a stall too: a byte now and then would never end. */
const BYTES_MIN = 1024;

export class StallWatch {
  readonly #idleMs: number;
  readonly #onStall: () => void;
  #timer: Timer | undefined;
  #waitingSince = 0;
  #waitedMs = 0;
  #bytes = 0;
  #isOver = false;

  constructor(idleMs: number, onStall: () => void) {
    this.#idleMs = idleMs;
    this.#onStall = onStall;
  }

  /** From now on the other side has to do something. */
  begin(): void {
    if (this.#isOver) {
      return;
    }
    this.#waitingSince = performance.now();
    this.#timer = setTimeout(this.#onStall, Math.max(1, this.#idleMs - this.#waitedMs));
  }

  /** It did: so many bytes came, or went. */
  end(bytes: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waitedMs += performance.now() - this.#waitingSince;
    this.#bytes += bytes;
    if (this.#bytes >= BYTES_MIN) {
      this.#bytes = 0;
      this.#waitedMs = 0;
    }
  }

  /** Nothing is waited for any more, whatever begins late. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
