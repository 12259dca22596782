// Waiting for descriptors in the event loop: for programs that embed the runtime, for daemons, and for
// commands that wait for several things at the same time. Short commands use poll.ts.

import { POLLIN } from "../abi/process.ts";
import { watchDescriptor } from "./descriptor-loop.ts";
import { type Awaited, poll } from "./poll.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Fulfilled when `fd` is ready: readable, or for a pidfd, when its process has ended. */
export function untilReady(fd: number, events = POLLIN): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = watchDescriptor(
    fd,
    () => {
      stop();
      resolve();
    },
    events,
  );
  return promise;
}

/**
 * As `poll` (poll.ts), while the event loop goes on. Nobody else may wait for the same descriptors. Where
 * one is always ready, everything else still gets its turn.
 */
export async function pollInLoop(
  awaited: readonly Awaited[],
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const deadline = performance.now() + timeoutMs;
  await giveTurn();
  for (;;) {
    const events = poll(awaited, 0);
    const leftMs = deadline - performance.now();
    if (leftMs <= 0 || events.some((each) => each !== 0)) {
      return events;
    }
    await untilAnyReady(awaited, leftMs);
  }
}

/** Lets timers and what else is due run first. */
export function giveTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}

/** Descriptors below 0 are passed over. Regular files are always ready, and can't be waited for. */
async function untilAnyReady(awaited: readonly Awaited[], timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using stack = new DisposableStack();
  for (const { fd, events } of awaited.filter((each) => each.fd >= 0)) {
    stack.defer(watchDescriptor(fd, resolve, events));
  }
  if (Number.isFinite(timeoutMs)) {
    stack.adopt(setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS)), clearTimeout);
  }
  await promise;
}
