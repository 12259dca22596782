// The time limits of one request: until an answer begins, and while bytes should move either way. What
// runs out ends the request with an error that says which limit it was.

import { timedOut } from "./network-failure.ts";
import type { Task } from "./registry-error.ts";
import type { RegistryLimits } from "./registry-options.ts";
import { StallWatch } from "./stall-watch.ts";

export class RequestClock {
  readonly #controller = new AbortController();
  readonly #end: (reason: string) => () => void;
  readonly #answerMs: number;
  readonly #onLateAnswer: () => void;
  readonly #upload: StallWatch;
  readonly #download: StallWatch;
  #answerTimer: Timer | undefined;
  #wholeTimer: Timer | undefined;
  #isAnswered = false;

  constructor(task: Task, host: string, limits: RegistryLimits) {
    const end = (reason: string) => () => this.#controller.abort(timedOut(task, reason));
    this.#end = end;
    const idle = `for ${limits.idleMs / 1000} s`;
    this.#answerMs = limits.answerMs;
    this.#onLateAnswer = end(`no answer from "${host}" in ${limits.answerMs / 1000} s`);
    this.#upload = new StallWatch(limits.idleMs, end(`"${host}" took no data ${idle}`));
    this.#download = new StallWatch(limits.idleMs, end(`"${host}" sent no data ${idle}`));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  waitForAnswer(): void {
    clearTimeout(this.#answerTimer);
    if (!this.#isAnswered) {
      this.#answerTimer = setTimeout(this.#onLateAnswer, this.#answerMs);
    }
  }

  /** An answer can come while the body of the request is still on its way. */
  answered(): void {
    this.#isAnswered = true;
    clearTimeout(this.#answerTimer);
    this.#upload.stop();
  }

  /** Between begin and end the other side has to take bytes. */
  get upload(): StallWatch {
    return this.#upload;
  }

  /** Between begin and end the other side has to send bytes. */
  get download(): StallWatch {
    return this.#download;
  }

  /** For a body that has to be there as a whole in that time. */
  endWithin(milliseconds: number): void {
    const end = this.#end(`the answer was not complete in ${milliseconds / 1000} s`);
    this.#wholeTimer = setTimeout(end, milliseconds);
  }

  /** The body is complete. */
  completed(): void {
    this.#download.stop();
    clearTimeout(this.#wholeTimer);
  }

  /** Drops the connection, for an answer that nobody reads to its end. */
  abandon(): void {
    this.completed();
    this.#controller.abort();
  }
}
