import { expect, test } from "bun:test";
import { inPieces } from "./pieces.ts";
import { contentOf } from "./store.fixture.ts";

async function* chunksOfSizes(content: Uint8Array, sizes: readonly number[]) {
  let offset = 0;
  for (const size of sizes) {
    await Promise.resolve();
    yield content.subarray(offset, offset + size);
    offset += size;
  }
}

test.each([
  ["small chunks", Array.from({ length: 300 }, () => 16_384)],
  ["odd ones", Array.from({ length: 90 }, (_, index) => 1 + ((index * 77_777) % 200_000))],
  ["large ones between them", [5, 300_000, 0, 7, 262_143, 262_144, 1, 2_000_000, 3]],
  ["nothing", []],
  ["exactly a piece", Array.from({ length: 8 }, () => 131_072)],
])("the same bytes come out, in large pieces: %s", async (_, sizes) => {
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const content = contentOf(length);
  const kept: Uint8Array[] = [];
  let arrived = 0;
  const pieces = inPieces(chunksOfSizes(content, sizes), {
    onArrival: (count) => {
      arrived += count;
    },
    onFailure: () => {
      throw new Error("nothing failed");
    },
  });
  for await (const piece of pieces) {
    kept.push(piece.slice());
  }
  expect(arrived).toBe(length);
  expect(kept.every((piece) => piece.length > 0)).toBe(true);
  expect(Buffer.concat(kept).equals(content)).toBe(true);
});

test("what came before a failure comes out before its error", async () => {
  const content = contentOf(100_000);
  async function* broken() {
    yield* chunksOfSizes(content, [60_000, 40_000]);
    throw new Error("reset");
  }
  let failed = false;
  const kept: Uint8Array[] = [];
  const pieces = inPieces(broken(), {
    onArrival: () => undefined,
    onFailure: () => {
      failed = true;
    },
  });
  const all = async (): Promise<void> => {
    for await (const piece of pieces) {
      expect(failed).toBe(true);
      kept.push(piece);
    }
  };
  await expect(all()).rejects.toThrow("reset");
  expect(Buffer.concat(kept).equals(content)).toBe(true);
});
