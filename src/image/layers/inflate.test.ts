import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { OcicatError } from "../../error/ocicat-error.ts";
import { type Chunks, inflate, openLayer } from "./inflate.ts";

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) >> 3));
const HALVES = [CONTENT.subarray(0, 100_000), CONTENT.subarray(100_000)] as const;
const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const MEMBERS = Buffer.concat([gzipSync(""), ...HALVES.map((half) => gzipSync(half))]);
const FRAMES = Buffer.concat([
  SKIPPABLE,
  zstdCompressSync(HALVES[0]),
  SKIPPABLE,
  zstdCompressSync(HALVES[1]),
]);

async function* inSteps(content: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += step) {
    yield content.subarray(at, at + step);
  }
}

async function inflated(source: Chunks): Promise<{ compression: string; content: Buffer }> {
  const parts: Buffer[] = [];
  const layer = await openLayer(source);
  await inflate(layer, (chunk) => parts.push(Buffer.from(chunk)));
  return { compression: layer.compression, content: Buffer.concat(parts) };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describe("streams", () => {
  const STREAMS: readonly (readonly [string, Buffer])[] = [
    ["none", CONTENT],
    ["gzip", gzipSync(CONTENT)],
    ["gzip", MEMBERS],
    ["gzip", Buffer.concat([gzipSync(CONTENT), Buffer.alloc(100_000)])],
    ["zstd", zstdCompressSync(CONTENT)],
    ["zstd", FRAMES],
  ];
  for (const step of [1000, 65_536, 10_000_000]) {
    test.each([...STREAMS])(`%s, in chunks of ${step} bytes`, async (compression, stream) => {
      const result = await inflated(inSteps(stream, step));
      expect(result.compression).toBe(compression);
      expect(result.content.equals(CONTENT)).toBe(true);
    });
  }

  test("the first bytes one by one, and nothing at all", async () => {
    const small = gzipSync("content");
    expect((await inflated(inSteps(small, 1))).content.toString()).toBe("content");
    expect((await inflated(inSteps(Buffer.alloc(0), 1))).content.length).toBe(0);
    expect((await inflated(inSteps(Buffer.from("x"), 1))).content.toString()).toBe("x");
  });

  test.each([
    ["gzip", gzipSync(CONTENT)],
    ["gzip", MEMBERS],
    ["zstd", zstdCompressSync(CONTENT)],
    ["zstd", FRAMES],
  ])("%s that ends too early is refused", async (format, stream) => {
    for (const missing of [1, 4, 9, 1000]) {
      const error = await failure(inflated(inSteps(stream.subarray(0, -missing), 700)));
      expect(error).toBeInstanceOf(OcicatError);
      expect(String(error)).toContain(`decompress a layer in ${format}: `);
    }
  });

  test("gzip that goes on with something else at once is refused", async () => {
    const stream = Buffer.concat([gzipSync(CONTENT), Buffer.from("something else")]);
    expect(String(await failure(inflated(inSteps(stream, stream.length))))).toContain("gzip");
  });
});

describe("an end before the end", () => {
  test.each([
    ["gzip", gzipSync(CONTENT)],
    ["zstd", zstdCompressSync(CONTENT)],
    ["none", CONTENT],
  ])("%s: what the consumer throws comes out, and the source is let go", async (_, stream) => {
    let isLetGo = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield* inSteps(stream, 500);
        }
      } finally {
        isLetGo = true;
      }
    }
    const refused = new OcicatError("exhausted", { operation: "take", subject: "a chunk" });
    const run = async (): Promise<void> =>
      inflate(await openLayer(source()), () => {
        throw refused;
      });
    expect(await failure(run())).toBe(refused);
    expect(isLetGo).toBe(true);
  });

  test.each([
    ["gzip", gzipSync(CONTENT)],
    ["zstd", zstdCompressSync(CONTENT)],
    ["none", CONTENT],
  ])("%s: a source that fails is the error", async (_, stream) => {
    const broken = new OcicatError("unavailable", { operation: "read", subject: "the source" });
    async function* source(): AsyncGenerator<Uint8Array> {
      yield stream.subarray(0, 1000);
      throw broken;
    }
    expect(await failure(inflated(source()))).toBe(broken);
  });
});

test("chunks are read when they are wanted: memory stays bounded", async () => {
  const member = gzipSync(Buffer.alloc(1024 * 1024));
  let given = 0;
  let taken = 0;
  let mostAhead = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 100; count += 1) {
      given += 1;
      mostAhead = Math.max(mostAhead, given - taken / (1024 * 1024));
      yield member;
    }
  }
  await inflate(await openLayer(source()), (chunk) => {
    taken += chunk.length;
  });
  expect(taken).toBe(100 * 1024 * 1024);
  expect(mostAhead).toBeLessThan(70);
});
