// Random stacks of layers, with everything that a builder would not write: EROFS images and unpacked
// directories show the same. Names are few, so that entries meet.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { probeErofs } from "../../src/image/erofs/probe.ts";
import { ErofsFolder } from "../fixtures/erofs-layers.ts";
import {
  directory,
  file,
  hardLink,
  type Layer,
  opaque,
  symlink,
  whiteout,
} from "../fixtures/layer-stacks.ts";
import { seededRandom } from "../fixtures/random.ts";
import { archive, type TarFields } from "../fixtures/tar-archive.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { unpackLayers } from "../fixtures/unpacked-layers.ts";

const isMissing = !probeErofs(tmpdir()).usable;
const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);
const NAMES = ["a", "b", "c", "dd"] as const;

let sandbox = "";

beforeAll(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-random-"));
});

afterAll(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

type Choose = <Item>(items: readonly Item[]) => Item;

function randomEntry(choose: Choose, below: (count: number) => number): TarFields {
  const name = (): string => Array.from({ length: 1 + below(3) }, () => choose(NAMES)).join("/");
  const path = name();
  const time = { mtime: 1_000_000_000 + below(1000) };
  switch (choose(["f", "f", "f", "d", "d", "w", "w", "o", "s", "h", "p"] as const)) {
    case "f":
      return { ...file(path, `content ${below(1000)}`.repeat(below(80))), ...time, uid: below(5) };
    case "d":
      return { ...directory(path, choose([0o755, 0o700, 0o1777])), ...time, gid: below(5) };
    case "w":
      return whiteout(path);
    case "o":
      return opaque(choose([path, "."]));
    case "s":
      return { ...symlink(path, choose([name(), `/${name()}`, "..", "."])), ...time };
    case "h":
      return hardLink(path, name());
    case "p":
      return { name: path, type: choose(["6", "3"]), major: 5, minor: 1, ...time };
  }
}

function randomLayers(seed: number): Layer[] {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const choose: Choose = (items) => {
    const item = items[below(items.length)];
    if (item === undefined) {
      throw new Error("nothing to choose from");
    }
    return item;
  };
  return Array.from({ length: 2 + below(4) }, () =>
    Array.from({ length: 1 + below(12) }, () => randomEntry(choose, below)),
  );
}

/** Entries that the unpacker refuses go, until it takes what is left. */
async function taken(layers: readonly Layer[], folder: string) {
  const archives: Buffer[] = [];
  for (const layer of layers) {
    const kept: Layer[number][] = [];
    for (const entry of layer) {
      const attempt = [...archives, archive(...kept, entry)];
      const error = await unpackLayers(mkdtempSync(`${folder}/try-`), attempt).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error === undefined || error instanceof OcicatError).toBe(true);
      if (error === undefined) {
        kept.push(entry);
      }
    }
    archives.push(archive(...kept));
  }
  return archives;
}

/** Without links between names: directories lose those that layers share. */
function comparable(facts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, fact.replace(/ links=.*$/, "")]),
  );
}

function overlayFacts(lower: readonly string[], folder: string): Record<string, string> {
  const target = `${folder}/overlay`;
  const empty = `${folder}/empty`;
  mkdirSync(target);
  mkdirSync(empty);
  const options = `ro,lowerdir=${[...lower, empty].join(":")}`;
  const mounted = Bun.spawnSync(["mount", "-t", "overlay", "overlay", "-o", options, target]);
  expect(mounted.stderr.toString()).toBe("");
  try {
    return treeFacts(target);
  } finally {
    expect(Bun.spawnSync(["umount", target]).exitCode).toBe(0);
  }
}

describe.skipIf(isMissing)("random layers", () => {
  test.each(SEEDS)("look the same (seed %d)", async (seed) => {
    const folder = mkdtempSync(join(sandbox, `seed-${seed}-`));
    const archives = await taken(randomLayers(seed), folder);
    const { lower } = await unpackLayers(`${folder}/layers`, archives);
    const expected = overlayFacts(lower, folder);
    using erofs = new ErofsFolder(folder);
    const { image } = erofs.merged(archives);
    const actual = erofs.withMounted(image, (root) => treeFacts(root));
    expect(Object.keys(expected).length).toBeGreaterThan(0);
    expect(comparable(actual)).toEqual(comparable(expected));
  });
});
