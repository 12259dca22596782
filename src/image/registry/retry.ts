// Attempts: how many there are and how long to wait between them. What makes progress between two
// failures begins to count anew.

import { OcicatError } from "../../error/ocicat-error.ts";
import { onAbort } from "../../sys/abort.ts";
import type { ImageEvent } from "../image-event.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistryLimits } from "./registry-options.ts";

export interface RetryContext {
  readonly limits: RegistryLimits;
  readonly onEvent: (event: ImageEvent) => void;
  readonly signal: AbortSignal | undefined;
}

export class Attempts {
  readonly #context: RetryContext;
  readonly #subject: string;
  #failures = 0;

  /** `subject` is what the user reads about: `blob sha256:...`. */
  constructor(context: RetryContext, subject: string) {
    this.#context = context;
    this.#subject = subject;
  }

  progressed(): void {
    this.#failures = 0;
  }

  /** Returns when it is time for the next attempt; throws `error` when there is none. */
  async afterFailure(error: unknown): Promise<void> {
    const isTransient = error instanceof RegistryError && error.facts.isTransient === true;
    this.#failures += 1;
    if (!isTransient || this.#failures >= this.#context.limits.attempts) {
      throw error;
    }
    const { limits, onEvent, signal } = this.#context;
    const waitMs = waitBefore(this.#failures, error.facts.retryAfterMs, limits);
    onEvent({ kind: "retry", subject: this.#subject, reason: error.reason, waitMs });
    await pause(waitMs, signal);
  }
}

/** The same, ended by one more signal. */
export function endedBy<Context extends RetryContext>(
  context: Context,
  signal: AbortSignal | undefined,
): Context {
  if (signal === undefined) {
    return context;
  }
  const signals = [context.signal, signal].filter((each) => each !== undefined);
  return { ...context, signal: AbortSignal.any(signals) };
}

/** Repeats `work` as long as its failures are worth it. */
export async function withRetries<Result>(
  context: RetryContext,
  subject: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const attempts = new Attempts(context, subject);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await attempts.afterFailure(error);
    }
  }
}

/**
 * Doubles with each failure. Half of it is left to chance, so that many clients of one registry that
 * failed together do not come back together; what the registry asks for is never undercut.
 */
export function waitBefore(
  failures: number,
  retryAfterMs: number | undefined,
  limits: Pick<RegistryLimits, "firstWaitMs" | "longestWaitMs">,
): number {
  const doubled = Math.min(limits.firstWaitMs * 2 ** (failures - 1), limits.longestWaitMs);
  const own = doubled / 2 + (Math.random() * doubled) / 2;
  return Math.round(Math.min(Math.max(own, retryAfterMs ?? 0), limits.longestWaitMs));
}

/** Throws "interrupted" as soon as the signal comes. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  using _interruption = onAbort(signal, resolve);
  await promise;
  clearTimeout(timer);
  throwIfAborted(signal);
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw interruption(signal);
  }
}

export function interruption(signal: AbortSignal): OcicatError {
  return signal.reason instanceof OcicatError
    ? signal.reason
    : new OcicatError("interrupted", {
        operation: "speak",
        subject: "with a registry",
        reason: "cancelled",
        cause: signal.reason,
      });
}
