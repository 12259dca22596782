// The tree of a large layer is garbage once its file is written. The JavaScript engine would let such garbage pile
// up, layer by layer, to more than all the rest takes.

/** With less there is little to gain; a collection takes some 10 ms. */
const WORTH_BYTES = 100_000_000;

export function collectWhenLarge(): void {
  if (process.memoryUsage.rss() > WORTH_BYTES) {
    Bun.gc(true);
  }
}
