import { expect, test } from "bun:test";
import { BufferRing } from "./buffer-ring.ts";

test("a buffer stays as it is while three others are used", () => {
  const ring = new BufferRing(8);
  const first = ring.next().fill(1);
  const others = [2, 3, 4].map((value) => ring.next().fill(value));
  expect(first.every((byte) => byte === 1)).toBe(true);
  expect(new Set([first, ...others]).size).toBe(4);
  expect(ring.next()).toBe(first);
});
