import { describe, expect, test } from "bun:test";
import {
  encodeCloseOutput,
  encodeCloseStdin,
  encodeHello,
  encodeResize,
  encodeSettled,
  encodeStdin,
  FrameReader,
  HEAD_BYTES,
  type HolderFrame,
  PAYLOAD_LIMIT,
  StdinFrame,
} from "./attach-protocol.ts";

describe("what a client says", () => {
  const table: readonly [string, Uint8Array, readonly number[]][] = [
    ["hello", encodeHello({ primary: false }), [1, 0, 4, 0, 1, 0, 0, 0]],
    ["hello of a primary", encodeHello({ primary: true }), [1, 0, 4, 0, 1, 1, 0, 0]],
    ["input", encodeStdin(Uint8Array.of(65, 66)), [2, 0, 2, 0, 65, 66]],
    ["end of input", encodeCloseStdin(), [3, 0, 0, 0]],
    ["size", encodeResize({ rows: 24, columns: 300 }), [4, 0, 4, 0, 24, 0, 44, 1]],
    ["closed output", encodeCloseOutput(2), [5, 2, 0, 0]],
    [
      "hello of a settler",
      encodeHello({ primary: false, settler: true }),
      [1, 0, 4, 0, 1, 8, 0, 0],
    ],
    ["settled", encodeSettled(), [11, 0, 0, 0]],
  ];
  test.each(table)("%s", (_, encoded, wanted) => {
    expect([...encoded]).toEqual([...wanted]);
  });

  test("input that is read into its frame has the same, also behind longer input", () => {
    const frame = new StdinFrame();
    frame.payload.fill(66);
    expect([...frame.encode(PAYLOAD_LIMIT).subarray(0, 5)]).toEqual([2, 0, 0, 64, 66]);
    frame.payload.set([65, 10]);
    expect([...frame.encode(2)]).toEqual([2, 0, 2, 0, 65, 10]);
  });

  test("input has one byte to 16384", () => {
    expect(encodeStdin(new Uint8Array(PAYLOAD_LIMIT))).toHaveLength(HEAD_BYTES + PAYLOAD_LIMIT);
    expect(() => encodeStdin(new Uint8Array(0))).toThrow("carries 1 to 16384");
    expect(() => encodeStdin(new Uint8Array(PAYLOAD_LIMIT + 1))).toThrow("carries 1 to 16384");
  });
});

/** Feeds `content` in pieces of `size` bytes; content of frames as plain arrays. */
function readFrames(content: readonly number[], size: number): unknown[] {
  const reader = new FrameReader();
  const frames: unknown[] = [];
  for (let at = 0; at < content.length; at += size) {
    const piece = content.slice(at, at + size);
    reader.room().set(piece);
    reader.received(piece.length);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      frames.push(plain(frame));
    }
  }
  expect(reader.isBetweenFrames).toBe(true);
  return frames;
}

function plain(frame: HolderFrame): unknown {
  return frame.type === "output" ? { ...frame, content: [...frame.content] } : frame;
}

describe("what the holder says", () => {
  const said = [
    ...[1, 0, 4, 0, 1, 11, 0, 0],
    ...[6, 1, 3, 0, 104, 105, 10],
    ...[6, 2, 1, 0, 33],
    ...[7, 0, 4, 0, 0, 3, 0, 0],
    ...[10, 0, 0, 0],
  ];
  const wanted = [
    { type: "hello", version: 1, primary: true, terminal: true, settler: true },
    { type: "output", stream: 1, content: [104, 105, 10] },
    { type: "output", stream: 2, content: [33] },
    { type: "exit", status: { code: 3 } },
    { type: "settle" },
  ];

  test("in pieces of any size", () => {
    for (let size = 1; size <= said.length; size++) {
      expect(readFrames(said, size)).toEqual(wanted);
    }
  });

  test("a stream that ends within a frame is not between frames", () => {
    for (const length of [1, 3, 7, 9]) {
      const reader = new FrameReader();
      reader.room().set(said.slice(0, length));
      reader.received(length);
      reader.next();
      expect([length, reader.isBetweenFrames]).toEqual([length, false]);
    }
  });

  test("the largest frames, one after the other", () => {
    const reader = new FrameReader();
    const frame = new Uint8Array(HEAD_BYTES + PAYLOAD_LIMIT).fill(7);
    frame.set([6, 1, PAYLOAD_LIMIT & 0xff, PAYLOAD_LIMIT >> 8]);
    let bytes = 0;
    for (let count = 0; count < 10; count++) {
      reader.room().set(frame);
      reader.received(frame.length);
      const next = reader.next();
      bytes += next?.type === "output" ? next.content.length : 0;
    }
    expect(bytes).toBe(10 * PAYLOAD_LIMIT);
  });

  test("an exit by a signal, and an unknown one", () => {
    expect(readFrames([7, 0, 4, 0, 1, 9, 0, 0], 8)).toEqual([
      { type: "exit", status: { signal: 9 } },
    ]);
    expect(readFrames([7, 0, 4, 0, 2, 0, 0, 0], 8)).toEqual([{ type: "exit", status: undefined }]);
  });

  const malformed: readonly [string, readonly number[]][] = [
    ["an unknown type", [8, 0, 0, 0]],
    ["a client's type", [2, 0, 1, 0, 65]],
    ["too long", [6, 1, 1, 64]],
    ["a short hello", [1, 0, 3, 0, 1, 0, 0]],
    ["a hello of version 0", [1, 0, 4, 0, 0, 0, 0, 0]],
    ["a hello of a stream", [1, 1, 4, 0, 1, 0, 0, 0]],
    ["empty output", [6, 1, 0, 0]],
    ["output of stream 0", [6, 0, 1, 0, 65]],
    ["output of stream 3", [6, 3, 1, 0, 65]],
    ["a short exit", [7, 0, 2, 0, 0, 0]],
    ["a settle of a stream", [10, 1, 0, 0]],
    ["a settle with something in it", [10, 0, 1, 0, 65]],
    ["an exit of a stream", [7, 1, 4, 0, 0, 0, 0, 0]],
    ["an exit in a way of its own", [7, 0, 4, 0, 3, 0, 0, 0]],
  ];
  test.each(malformed)("refuses %s", (_, content) => {
    expect(() => readFrames(content, content.length)).toThrow("its holder sent");
  });

  test("random bytes are frames or an error, never anything else", () => {
    let state = 12345;
    const random = () => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state >> 16;
    };
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const reader = new FrameReader();
      const content = Uint8Array.from({ length: 40 }, () => random() % (round % 2 ? 8 : 256));
      reader.room().set(content);
      reader.received(content.length);
      try {
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          expect(["hello", "output", "exit"]).toContain(frame.type);
        }
      } catch (error) {
        expect(String(error)).toContain("its holder sent");
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
