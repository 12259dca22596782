// Commands that ctrl-c ends in order: what they have begun is undone. A second one ends the program at once.

import { SIGHUP, SIGINT, SIGTERM } from "../abi/process.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { isSignalIgnored } from "../sys/signal-catcher.ts";

/** What the shell shows for a program that a signal ended is this and the signal's number. */
const EXIT_SIGNALLED = 128;

/** The error of work that a signal ended. */
class SignalledError extends OcicatError {
  readonly signal: number;

  constructor(error: OcicatError, signal: number) {
    const { code, operation, subject, reason } = error;
    super(code, { operation, subject, reason, cause: error });
    this.signal = signal;
    this.cleanupFailures.push(...error.cleanupFailures);
  }
}

export function workFailureCode(error: OcicatError): number {
  if (error.code !== "interrupted") {
    return 1;
  }
  return EXIT_SIGNALLED + (error instanceof SignalledError ? error.signal : SIGINT);
}

const SIGNALS = [
  ["SIGINT", SIGINT],
  ["SIGTERM", SIGTERM],
  ["SIGHUP", SIGHUP],
] as const;

/** The action is told by its AbortSignal that ctrl-c, or another signal, is to end it. */
export async function interruptible<Result>(
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  using handlers = new SignalInterruption(controller);
  try {
    return await action(controller.signal);
  } catch (error) {
    const isOurs = error instanceof OcicatError && handlers.signal !== undefined;
    throw isOurs && error.code === "interrupted"
      ? new SignalledError(error, handlers.signal ?? SIGINT)
      : error;
  }
}

/** Until it is disposed of. Signals that are ignored stay so: whoever started this process wants it. */
class SignalInterruption implements Disposable {
  /** The first that came. */
  signal: number | undefined;
  readonly #controller: AbortController;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];

  constructor(controller: AbortController) {
    this.#controller = controller;
    this.#handlers = SIGNALS.filter(([, number]) => !isSignalIgnored(number)).map(
      ([name, number]) => [name, () => this.#interrupt(name, number)],
    );
    for (const [name, handler] of this.#handlers) {
      process.on(name, handler);
    }
  }

  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) {
      process.off(name, handler);
    }
  }

  #interrupt(name: NodeJS.Signals, number: number): void {
    if (this.#controller.signal.aborted) {
      this[Symbol.dispose]();
      process.kill(process.pid, name);
    }
    this.signal ??= number;
    this.#controller.abort();
  }
}
