// Pulls from a registry and removals, killed at random moments: the store is always sound, and the next
// try succeeds. How many: kills.ts. And several pulls at once.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore } from "../../src/image/content/check.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { FaultyRegistry } from "../../tools/testing/faulty-registry.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { seededRandom } from "../fixtures/random.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { bundleProgram } from "./bundle-program.ts";
import { IMAGE_KILLS, patienceMs } from "./kills.ts";
import { doRequest, type PullRequest } from "./pull-process.ts";

const PROCESSES = 3;
const LAYERS = 3;
const FORMATS: readonly LayerFormat[] =
  process.getuid?.() === 0 ? ["erofs", "directory"] : ["directory"];

let folder = "";
let program = "";
let registry: FaultyRegistry;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-pull-crash-"));
  program = await bundleProgram("pull-process", folder);
  registry = await FaultyRegistry.start();
  const layout = new TestLayout(join(folder, "layout"));
  const layers = Array.from({ length: LAYERS }, (_, index) => layerOf(`layer-${index}`, index + 1));
  layout.setIndex([named(layout.addImage({ layers }), "latest")]);
  registry.content.addLayout("app", layout.folder, "1");
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Its content does not compress to nothing. */
function layerOf(name: string, seed: number): Buffer {
  const random = seededRandom(seed);
  const data = Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(random() * 256)));
  const files = Array.from({ length: 20 }, (_, index) => ({ name: `${name}/${index}`, data }));
  return archive({ name, type: "5" }, ...files);
}

function requestFor(root: string, verb: PullRequest["verb"], format: LayerFormat): PullRequest {
  return { verb, root: join(folder, root), name: `${registry.domain}/app:1`, format };
}

function start(request: PullRequest) {
  return Bun.spawn([process.execPath, program, JSON.stringify(request)], {
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function begun(child: ReturnType<typeof start>): Promise<void> {
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
}

async function expectSound({ root }: PullRequest): Promise<void> {
  using store = new ContentStore(root);
  const findings = await checkStore(store);
  expect(findings.filter(({ severity }) => severity === "damaged")).toEqual([]);
}

async function expectFinished({ root, name, verb }: PullRequest): Promise<void> {
  using store = new ContentStore(root);
  await collectGarbage(store, { partialAgeMs: 0 });
  expect(await checkStore(store)).toEqual([]);
  expect(store.names().map((each) => each.name)).toEqual(verb === "pull" ? [name] : []);
  expect(readdirSync(join(root, "staging"))).toEqual([]);
  // The layers, a configuration and a manifest.
  const blobs = readdirSync(join(root, "blobs", "sha256"));
  expect(blobs).toHaveLength(verb === "pull" ? LAYERS + 2 : 0);
}

/** From its beginning to its end, undisturbed. */
async function durationOf(request: PullRequest): Promise<number> {
  const child = start(request);
  await begun(child);
  const begin = performance.now();
  expect(await child.exited).toBe(0);
  return performance.now() - begin;
}

/** Whether it had not ended by itself. */
async function killAfter(milliseconds: number, request: PullRequest): Promise<boolean> {
  const child = start(request);
  await begun(child);
  await Bun.sleep(milliseconds);
  child.kill("SIGKILL");
  await child.exited;
  return child.signalCode === "SIGKILL";
}

describe.each([...FORMATS])("format %s", (format) => {
  test(
    "pulls and removals killed at random moments",
    async () => {
      const pull = requestFor(`${format}-killed`, "pull", format);
      const removal: PullRequest = { ...pull, verb: "rmi" };
      const pullMs = await durationOf(pull);
      const removalMs = await durationOf(removal);
      await expectFinished(removal);
      const random = seededRandom(20_261_129);
      let killed = 0;
      for (let round = 0; round < IMAGE_KILLS / FORMATS.length / 2; round += 1) {
        killed += Number(await killAfter(random() * pullMs, pull));
        await expectSound(pull);
        await doRequest(pull);
        await expectSound(pull);
        killed += Number(await killAfter(random() * removalMs, removal));
        await expectSound(pull);
        await (round % 2 === 0 ? doRequest(pull) : doRequest(removal));
        await expectFinished(round % 2 === 0 ? pull : removal);
      }
      expect(killed).toBeGreaterThan(0);
    },
    patienceMs(IMAGE_KILLS),
  );

  test("several processes at once: the bytes of each blob are asked for once", async () => {
    const request = requestFor(`${format}-shared`, "pull", format);
    const from = registry.lines.length;
    const children = Array.from({ length: PROCESSES }, () => start(request));
    const errors = await Promise.all(children.map(({ stderr }) => stderr.text()));
    expect(errors.join("")).toBe("");
    expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0]);
    const layers = layersAskedFor(registry.lines.slice(from));
    expect(layers).toHaveLength(LAYERS);
    expect(new Set(layers).size).toBe(LAYERS);
    await expectFinished(request);
  });
});

function layersAskedFor(lines: readonly string[]): string[] {
  const { blobs } = registry.content.repository("app");
  const large = [...blobs].filter(([, content]) => content.length > 10_000);
  return lines.filter((line) => large.some(([digest]) => line === `GET /v2/app/blobs/${digest}`));
}
