// The memory that bringing an image in takes does not grow with the image's bytes, nor with layers that come
// side by side, and with its files by little.
//
// OCICAT_TEST_LAYER_BYTES: of all layers, uncompressed. 5000000000 is what the limit is meant for.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FaultyRegistry } from "../../tools/testing/faulty-registry.ts";
import { TestLayout } from "../fixtures/image-layout.ts";
import { ImagePlace } from "./image-place.ts";
import { addLargeImage } from "./large-image.ts";
import { OCICAT } from "./run-place.ts";

const BYTES = Number(process.env["OCICAT_TEST_LAYER_BYTES"] ?? "240000000");
const LAYERS = 4;
const FILE_BYTES = 64 * 1024;
/** Of an image of 117,000 files. */
const MANY_FILES = { bytes: 120_000_000, layers: LAYERS, fileBytes: 1024 };
const MOST_BYTES = 200_000_000;
const LOOK_MS = 5;
/** Generous: a machine that is busy writes slowly. */
const LIMIT_MS = 120_000 + BYTES / 10_000;

const isRoot = process.geteuid?.() === 0;
const place = new ImagePlace();
let layout: TestLayout;
let registry: FaultyRegistry;

beforeAll(async () => {
  layout = new TestLayout(join(place.folder, "layout"));
  layout.setIndex([addLargeImage(layout, { bytes: BYTES, layers: LAYERS, fileBytes: FILE_BYTES })]);
  registry = await FaultyRegistry.start();
  registry.content.addLayout("team/large", layout.folder, "1.0");
  const many = new TestLayout(join(place.folder, "many"));
  many.setIndex([addLargeImage(many, MANY_FILES)]);
  registry.content.addLayout("team/many", many.folder, "1.0");
}, LIMIT_MS);

afterEach(() => {
  expect(place.leftovers()).toEqual([]);
  rmSync(place.store, { recursive: true });
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  place.remove();
});

/** Of a process and its children, added up: the most that each has had. Undefined: it has ended. */
function peakOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
    const others = children.filter(Boolean).map((child) => peakOf(Number(child)) ?? 0);
    return others.reduce((sum, each) => sum + each, kilobytes * 1024);
  } catch {
    return undefined;
  }
}

async function peakOfRun(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const child = Bun.spawn([OCICAT, ...words], {
    stdout: "ignore",
    stderr: "pipe",
    env: { ...place.environment, ...environment },
  });
  let most = 0;
  while (child.exitCode === null && child.signalCode === null) {
    most = Math.max(most, peakOf(child.pid) || 0);
    await Bun.sleep(LOOK_MS);
  }
  expect([await child.stderr.text(), await child.exited]).toEqual(["", 0]);
  return most;
}

/** Where no program that inflates is found. */
function emptyPath(): string {
  const folder = join(place.folder, "bin");
  if (!existsSync(folder)) {
    mkdirSync(folder);
  }
  return folder;
}

const load = (): string[] => ["load", "--quiet", "--input", layout.folder];
const pull = (): string[] => ["pull", "--quiet", `${registry.domain}/team/large:1.0`];
const pullMany = (): string[] => ["pull", "--quiet", `${registry.domain}/team/many:1.0`];
const EROFS = { OCICAT_STORAGE_FORMAT: "erofs" };
const DIRECTORY = { OCICAT_STORAGE_FORMAT: "directory" };

test.skipIf(!isRoot).each([
  ["load, as EROFS, by igzip where it is installed", load, () => EROFS],
  ["pull, as EROFS, inflated by the process itself", pull, () => ({ ...EROFS, PATH: emptyPath() })],
  ["pull, as EROFS, by igzip where it is installed", pull, () => EROFS],
  ["pull, as folders", pull, () => DIRECTORY],
  ["pull of many files, as EROFS", pullMany, () => ({ ...EROFS, PATH: emptyPath() })],
] as const)(
  "%s: memory stays bounded",
  async (_, words, environment) => {
    const peak = await peakOfRun(words(), environment());
    expect(peak).toBeGreaterThan(10_000_000);
    expect(peak).toBeLessThan(MOST_BYTES);
  },
  LIMIT_MS,
);
