// The event loop of the quick program: timers, and descriptors that are waited for. native/quick.c has it go
// on whenever no promise has anything to do.

const POLLFD_BYTES = 8;
const NEVER = Number.POSITIVE_INFINITY;
const EINTR = 4;
const PPOLL = { x64: 271, arm64: 73 };

type Callback = () => void;

interface Timer {
  readonly due: number;
  readonly callback: Callback;
}

interface Watch {
  readonly fd: number;
  readonly events: number;
  readonly callback: Callback;
}

export class EventLoop {
  readonly #timers = new Map<number, Timer>();
  readonly #watches = new Set<Watch>();
  #lastTimer = 0;

  startTimer(callback: Callback, delayMs = 0): number {
    this.#lastTimer++;
    this.#timers.set(this.#lastTimer, { due: performance.now() + Math.max(delayMs, 0), callback });
    return this.#lastTimer;
  }

  stopTimer(timer: number | undefined): void {
    if (timer !== undefined) {
      this.#timers.delete(timer);
    }
  }

  sleep(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.startTimer(resolve, delayMs);
    return promise;
  }

  /** Calls back whenever `fd` is ready, until the returned function is called. */
  watch(fd: number, events: number, callback: Callback): () => void {
    const entry = { fd, events, callback };
    this.#watches.add(entry);
    return () => {
      this.#watches.delete(entry);
    };
  }

  /** Waits until a timer is due or a descriptor is ready, and calls back. False: there is neither. */
  goOn(): boolean {
    if (this.#timers.size === 0 && this.#watches.size === 0) {
      return false;
    }
    const waiting = [...this.#watches];
    const leftMs =
      Math.min(NEVER, ...this.#timers.values().map(({ due }) => due)) - performance.now();
    for (const entry of wait(waiting, leftMs)) {
      if (this.#watches.has(entry)) {
        entry.callback();
      }
    }
    this.#runTimers();
    return true;
  }

  /** Those that are due now; what they start comes later. */
  #runTimers(): void {
    const now = performance.now();
    const due = [...this.#timers].filter(([, timer]) => timer.due <= now);
    for (const [key, { callback }] of due.sort(([, a], [, b]) => a.due - b.due)) {
      if (this.#timers.delete(key)) {
        callback();
      }
    }
  }
}

function wait(waiting: readonly Watch[], timeoutMs: number): Watch[] {
  const polled = new DataView(new ArrayBuffer(Math.max(1, waiting.length) * POLLFD_BYTES));
  for (const [index, { fd, events }] of waiting.entries()) {
    polled.setInt32(index * POLLFD_BYTES, fd, true);
    polled.setUint16(index * POLLFD_BYTES + 4, events, true);
  }
  const timeout = timeoutMs === NEVER ? undefined : timespec(timeoutMs);
  const at = native.address(new Uint8Array(polled.buffer));
  const timeoutAt = timeout === undefined ? 0 : native.address(timeout);
  const number = PPOLL[native.architecture];
  const count = native.syscall(number, at, waiting.length, timeoutAt, 0, 0, 0);
  if (count < 0 && count !== -EINTR) {
    throw new Error(`wait for descriptors: error ${-count}`);
  }
  return waiting.filter((_, index) => polled.getUint16(index * POLLFD_BYTES + 6, true) !== 0);
}

/** struct timespec: seconds and nanoseconds, 64 bits each. */
function timespec(ms: number): Uint32Array {
  const whole = Math.max(0, Math.ceil(ms));
  const words = new Uint32Array(new ArrayBuffer(16));
  words[0] = Math.floor(whole / 1000);
  words[2] = (whole % 1000) * 1_000_000;
  return words;
}
