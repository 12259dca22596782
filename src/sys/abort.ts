// What is done when somebody gives up: once, and not any more when the wait for it is over.

/** Acts at once where the signal has come before. Dispose of it where the wait ends. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): Disposable {
  if (signal?.aborted === true) {
    act();
  }
  signal?.addEventListener("abort", act, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", act) };
}
