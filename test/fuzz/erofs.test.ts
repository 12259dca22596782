// Archives with random changes, and random bytes: an image comes out, or our own error.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { readLayerFileHeader } from "../../src/image/erofs/layer-file.ts";
import { DEFAULT_UNPACK_LIMITS } from "../../src/image/unpack/limits.ts";
import { writeAllAt } from "../../src/sys/positioned.ts";
import { ErofsFolder } from "../fixtures/erofs-layers.ts";
import { seededRandom } from "../fixtures/random.ts";
import { archive, withChecksum } from "../fixtures/tar-archive.ts";

const SEED = Number(process.env["OCICAT_FUZZ_SEED"] ?? 1);
const ROUNDS = 400;
const BLOCK = 512;
/** A changed size shall not fill the disk. */
const LIMITS = { ...DEFAULT_UNPACK_LIMITS, totalBytes: 2 ** 20 };

let sandbox = "";

beforeAll(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-fuzz-"));
});

afterAll(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

const LAYERS = [
  archive(
    { name: "d/", type: "5" },
    { name: "d/f", data: "content", pax: { mtime: "1.5", "SCHILY.xattr.user.a": "b" } },
    { name: "s", type: "2", link: "d" },
    { name: "s/g", data: "x".repeat(700) },
    { name: "h", type: "1", link: "s/f" },
    { name: "n", type: "3", major: 1, minor: 3 },
  ),
  archive(
    { name: "d/.wh.f" },
    { name: "s/.wh..wh..opq" },
    {
      name: "sparse",
      data: "y".repeat(600),
      pax: {
        "GNU.sparse.size": "9000",
        "GNU.sparse.numblocks": "2",
        "GNU.sparse.map": "512,512,8192,88",
      },
    },
    { name: "h2", type: "1", link: "h" },
  ),
];

type Below = (count: number) => number;

/** Bytes of a block change, and most often its checksum with them. */
function mutate(input: Buffer, below: Below): Buffer {
  const output = Buffer.from(input);
  for (let changes = 1 + below(4); changes > 0; changes -= 1) {
    const start = below(output.length / BLOCK) * BLOCK;
    const block = output.subarray(start, start + BLOCK);
    const at = below(BLOCK);
    block[at] = [0, 0x2e, 0x2f, 0x30, 0x37, 0x80, 0xff, below(256)][below(8)] ?? 0;
    if (below(4) > 0) {
      withChecksum(block);
    }
  }
  return below(5) === 0 ? output.subarray(0, below(output.length)) : output;
}

function outcome(folder: ErofsFolder, archives: readonly Buffer[]): "image" | "refused" {
  try {
    folder.merged(archives, LIMITS);
    return "image";
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    return "refused";
  }
}

test("changed archives", () => {
  const random = seededRandom(SEED);
  const below: Below = (count) => Math.floor(random() * count);
  const counts = { image: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    using folder = new ErofsFolder(sandbox);
    counts[
      outcome(
        folder,
        LAYERS.map((layer) => mutate(layer, below)),
      )
    ] += 1;
  }
  expect(counts.image).toBeGreaterThan(ROUNDS / 20);
  expect(counts.refused).toBeGreaterThan(ROUNDS / 20);
}, 120_000);

test("random bytes", () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    const length = Math.floor(random() * 5000);
    const noise = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
    using folder = new ErofsFolder(sandbox);
    const fd = folder.newFile();
    writeAllAt(fd, noise, 0, "noise");
    expect(() => readLayerFileHeader(fd)).toThrow(OcicatError);
    if (length > 0) {
      expect(outcome(folder, [noise])).toBe("refused");
    }
  }
}, 120_000);
