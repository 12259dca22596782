import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../test/fixtures/random.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import {
  chunkCost,
  copiedPieces,
  planChunks,
  type SparseFile,
  visitChunks,
} from "./sparse-chunks.ts";

const MIB = 2 ** 20;

/** What a reader sees of the file, byte by byte: where in the archive, or -1 in a hole. */
function readBack(file: SparseFile): number[] {
  const plan = planChunks(file);
  const chunkBytes = 2 ** plan.chunkBits;
  const content = new Array<number>(plan.count * chunkBytes).fill(-1);
  const copied: number[] = [];
  visitChunks(file, plan, (chunk, stored) => {
    if (stored === undefined) {
      copied.push(chunk);
      return;
    }
    expect(stored % 512).toBe(0);
    for (let index = 0; index < chunkBytes; index += 1) {
      content[chunk * chunkBytes + index] = stored + index;
    }
  });
  expect(copied).toHaveLength(plan.copied);
  expect(copied).toEqual([...copied].sort((one, other) => one - other));
  for (const { chunk, within, stored, length } of copiedPieces(file, plan)) {
    expect(copied).toContain(chunk);
    expect(within + length).toBeLessThanOrEqual(chunkBytes);
    for (let index = 0; index < length; index += 1) {
      content[chunk * chunkBytes + within + index] = stored + index;
    }
  }
  return content.slice(0, file.size);
}

function expected({ size, offset, segments }: SparseFile): number[] {
  const content = new Array<number>(size).fill(-1);
  let stored = offset;
  for (const segment of segments) {
    for (let index = 0; index < segment.length; index += 1) {
      content[segment.offset + index] = stored + index;
    }
    stored += segment.length;
  }
  return content;
}

describe("the chunks of a sparse file", () => {
  test.each<[string, SparseFile]>([
    ["only a hole", { size: 5000, offset: 512, segments: [] }],
    [
      "an empty segment at the end",
      { size: 5000, offset: 512, segments: [{ offset: 5000, length: 0 }] },
    ],
    ["all content", { size: 1000, offset: 512, segments: [{ offset: 0, length: 1000 }] }],
    [
      "aligned segments",
      {
        size: 8192,
        offset: 1024,
        segments: [
          { offset: 512, length: 512 },
          { offset: 4096, length: 4096 },
        ],
      },
    ],
    [
      "segments that touch",
      {
        size: 2048,
        offset: 0,
        segments: [
          { offset: 0, length: 100 },
          { offset: 100, length: 1948 },
        ],
      },
    ],
    [
      "segments that share a block",
      {
        size: 3000,
        offset: 512,
        segments: [
          { offset: 10, length: 20 },
          { offset: 40, length: 1500 },
        ],
      },
    ],
    [
      "a second segment that is stored askew",
      {
        size: 4096,
        offset: 512,
        segments: [
          { offset: 512, length: 100 },
          { offset: 1024, length: 1024 },
        ],
      },
    ],
  ])("%s", (_, file) => {
    expect(readBack(file)).toEqual(expected(file));
  });

  test("random segments", () => {
    const random = seededRandom(5);
    const below = (count: number): number => Math.floor(random() * count);
    for (let round = 0; round < 300; round += 1) {
      const unit = [1, 100, 512, 1024][below(4)] ?? 1;
      const segments: { offset: number; length: number }[] = [];
      let end = 0;
      for (let index = below(8); index > 0; index -= 1) {
        const offset = end + below(4) * unit;
        const length = below(5) * unit;
        segments.push({ offset, length });
        end = offset + length;
      }
      const file = { size: end + below(2000), offset: below(9) * 512, segments };
      expect(readBack(file)).toEqual(expected(file));
    }
  });

  test("aligned content is never copied, whatever the size of the hole", () => {
    const segments = [{ offset: 9 * 1024 * MIB, length: MIB }];
    const plan = planChunks({ size: 10 * 1024 * MIB, offset: 512, segments });
    expect(plan.copied).toBe(0);
    expect(chunkCost(plan)).toBeLessThan(100_000);
  });

  test("a byte far away does not cost an index of all blocks before it", () => {
    const segments = [{ offset: 292e9 + 7, length: 1 }];
    expect(chunkCost(planChunks({ size: 292e9 + 8, offset: 512, segments }))).toBeLessThan(4 * MIB);
  });

  test("a file beyond what the format can say is refused", () => {
    const segments = [{ offset: 0, length: 1 }];
    const plan = (): unknown => planChunks({ size: 2 ** 62, offset: 512, segments });
    expect(plan).toThrow(OcicatError);
  });
});
