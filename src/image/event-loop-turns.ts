// Signals come when the event loop turns, and so do timers and other work. Whoever goes on from file to file does not wait
// for anything, however often there is an `await`: ctrl-c would be heard when all is done.

import { giveTurn } from "../sys/waiting.ts";

/** How long nobody notices. */
const TURN_MS = 20;

export class EventLoopTurns {
  #lastMs = performance.now();

  /** Lets the event loop turn when it is time. */
  async take(): Promise<void> {
    if (performance.now() - this.#lastMs >= TURN_MS) {
      await giveTurn();
      this.#lastMs = performance.now();
    }
  }
}
