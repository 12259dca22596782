// Waiting for what will be true soon: tests never sleep for a guessed time.

import { isGuest } from "../vm/guest.ts";

/** Only what fails takes so long: for a machine that is slow and busy. */
const PATIENCE_S = isGuest() ? 120 : 60;

/** Waits until the check returns something else than undefined or false; throws after the deadline. */
export async function eventually<Result>(
  what: string,
  check: () => Promise<Result | undefined | false> | Result | undefined | false,
  seconds = PATIENCE_S,
): Promise<Result> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const result = await check();
    if (result !== undefined && result !== false) {
      return result;
    }
    if (performance.now() > deadline) {
      throw new Error(`wait for ${what}: not so after ${seconds} s`);
    }
    await Bun.sleep(25);
  }
}
