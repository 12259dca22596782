// JavaScriptCore keeps the content of a small typed array in the object, and moves it when somebody first asks
// for its `.buffer`: an address that the kernel was given before is stale then.

// biome-ignore lint/style/noRestrictedImports: shows what addressOf keeps the kernel from
import { ptr } from "bun:ffi";
import { expect, test } from "bun:test";
import { addressOf } from "./entry.ts";
import { bytes, encodeText, words } from "./memory.ts";

const SIZES = [1, 8, 100, 1000, 1001, 100_000];

/** Whether it is elsewhere once the engine had to make an ArrayBuffer of it. */
function moves(array: Uint8Array | Uint32Array, address: (of: typeof array) => number): boolean {
  const before = address(array);
  array.subarray(1);
  new DataView(array.buffer).setUint8(0, 1);
  return address(array) !== before;
}

test("a small array would move", () => {
  expect(moves(new Uint8Array(8), (array) => Number(ptr(array)))).toBe(true);
});

test("one whose address was given out does not, however it was made", () => {
  for (const size of SIZES) {
    const made = [new Uint8Array(size), new Uint32Array(size), bytes(size), words(size)];
    const texts = [encodeText("x".repeat(size)), new TextEncoder().encode("x".repeat(size))];
    expect([...made, ...texts].filter((array) => moves(array, addressOf))).toEqual([]);
  }
});
