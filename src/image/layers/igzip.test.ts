import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { seededRandom } from "../../../test/fixtures/random.ts";
import { inflateInto, inflaterFor } from "./igzip.ts";

const IGZIP = Bun.which("igzip");
const OFFSET = 4096;
const folder = mkdtempSync(join(tmpdir(), "ocicat-igzip-"));
const path = join(folder, "layer");

beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

const random = seededRandom(1);
const CONTENT = Buffer.from(Array.from({ length: 3_000_000 }, () => Math.floor(random() * 64)));

async function* inChunks(content: Uint8Array, bytes: number): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < content.length; offset += bytes) {
    yield content.subarray(offset, offset + bytes);
  }
}

type From = "pipe" | "file";

async function inflated(
  program: string,
  compressed: Uint8Array,
  { mostBytes = 10_000_000, from = "pipe" as From } = {},
) {
  const fd = openSync(path, "w+");
  const blob = join(folder, "blob");
  writeFileSync(blob, compressed);
  const blobFd = openSync(blob, "r");
  const pieces: Buffer[] = [];
  try {
    const target = { fd, offset: OFFSET, mostBytes };
    const input = { chunks: inChunks(compressed, 300_000), ...(from === "file" && { fd: blobFd }) };
    await inflateInto(program, input, target, (piece) => {
      pieces.push(Buffer.from(piece));
    });
  } finally {
    closeSync(fd);
    closeSync(blobFd);
  }
  return Buffer.concat(pieces);
}

function script(text: string): string {
  const program = join(folder, "program");
  writeFileSync(program, `#!/bin/sh\n${text}\n`);
  chmodSync(program, 0o755);
  return program;
}

describe.skipIf(IGZIP === null).each(["pipe", "file"] as const)("with igzip, from a %s", (from) => {
  const program = IGZIP ?? "";

  test("the archive is in the file, and is handed out in order", async () => {
    const content = await inflated(program, gzipSync(CONTENT), { from });
    expect(content.equals(CONTENT)).toBe(true);
    expect(readFileSync(path).subarray(OFFSET).equals(CONTENT)).toBe(true);
  });

  test("of several members too, with zeros behind them", async () => {
    const members = [gzipSync("one"), gzipSync(CONTENT), gzipSync("two"), Buffer.alloc(1000)];
    const content = await inflated(program, Buffer.concat(members), { from });
    const expected = Buffer.concat([Buffer.from("one"), CONTENT, Buffer.from("two")]);
    expect(content.equals(expected)).toBe(true);
  });

  test("what ends too early, or is damaged, is refused", async () => {
    const compressed = gzipSync(CONTENT);
    const damaged = Buffer.from(compressed);
    damaged.writeUInt8((damaged.at(1_000_000) ?? 0) ^ 1, 1_000_000);
    for (const wrong of [compressed.subarray(0, -100), damaged]) {
      await expect(inflated(program, wrong, { from })).rejects.toMatchObject({
        code: "invalid-config",
      });
    }
  });

  test("a file does not become larger than it may be", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await expect(inflated(program, bomb, { mostBytes: 1_000_000, from })).rejects.toMatchObject({
      code: "invalid-config",
    });
    expect(statSync(path).size).toBeLessThanOrEqual(1_000_000);
  });
});

test.each([
  ["ends with an error", "head -c 10; exit 3"],
  ["ends before it has read all", "exit 1"],
  ["is killed", "kill -9 $$"],
])("a program that %s is a failure", async (_, text) => {
  await expect(inflated(script(text), CONTENT)).rejects.toMatchObject({
    code: "invalid-config",
    operation: "decompress",
  });
});

test("a program that is not there is a failure", async () => {
  await expect(inflated(join(folder, "none"), CONTENT)).rejects.toMatchObject({
    code: "invalid-config",
  });
});

test("a failure of whoever takes the archive ends the program", async () => {
  const fd = openSync(path, "w+");
  const target = { fd, offset: OFFSET, mostBytes: 10_000_000 };
  const input = { chunks: inChunks(CONTENT, 1_000_000) };
  const work = inflateInto(script("cat"), input, target, () => {
    throw new Error("no more");
  });
  await expect(work).rejects.toThrow("no more");
  closeSync(fd);
});

test("for small blobs no program is started", () => {
  expect(inflaterFor({ size: 1000 })).toBeUndefined();
});
