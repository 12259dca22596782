// A store whose users are killed, at every few system calls and at random moments: what is left is sound,
// the next command finishes it, and nothing stays behind.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore } from "../../src/image/content/check.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { listImages } from "../../src/image/content/image-list.ts";
import { seededRandom } from "../fixtures/random.ts";
import { bundleProgram } from "./bundle-program.ts";
import { IMAGE_KILLS, patienceMs, shareOf } from "./kills.ts";
import { MOVED_NAME, OTHER_NAME, type StoreRequest, useStore } from "./store-process.ts";

/** A manifest, a configuration and two layers; a manifest, a configuration and a layer of these. */
const BLOBS_AT_THE_END = 6;
/** Stacks of one and of two layers, and of the other image's only one. */
const FOLDERS_AT_THE_END = 3;
const KILLS = shareOf(IMAGE_KILLS, 2);
const ROUNDS = shareOf(IMAGE_KILLS, 5);

let folder = "";
let program = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-store-crash-"));
  program = await bundleProgram("store-process", folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function start(request: StoreRequest) {
  return Bun.spawn([process.execPath, program, JSON.stringify(request)], { stdout: "pipe" });
}

async function expectSound(root: string): Promise<void> {
  using store = new ContentStore(root);
  const findings = await checkStore(store);
  expect(findings.filter(({ severity }) => severity === "damaged")).toEqual([]);
  listImages(store);
}

async function expectFinished(root: string): Promise<void> {
  await useStore(root);
  using store = new ContentStore(root);
  await collectGarbage(store, { partialAgeMs: 0 });
  expect(await checkStore(store)).toEqual([]);
  const names = store.names().map(({ name }) => name);
  expect(names.toSorted()).toEqual([MOVED_NAME, OTHER_NAME]);
  expect(readdirSync(join(root, "blobs", "sha256"))).toHaveLength(BLOBS_AT_THE_END);
  expect(readdirSync(join(root, "layers"))).toHaveLength(FOLDERS_AT_THE_END);
  expect(readdirSync(join(root, "staging"))).toEqual([]);
}

test(
  "killed before any system call: the store is sound, and the next time all is done",
  async () => {
    const whole = start({ root: join(folder, "whole") });
    const calls = Number(await whole.stdout.text());
    expect(await whole.exited).toBe(0);
    expect(calls).toBeGreaterThan(300);
    await expectFinished(join(folder, "whole"));
    for (let round = 0; round < KILLS; round += 1) {
      const root = join(folder, `killed-${round}`);
      const child = start({ root, killAtCall: 1 + Math.floor((round * calls) / KILLS) });
      await child.exited;
      expect(child.signalCode).toBe("SIGKILL");
      await expectSound(root);
      await expectFinished(root);
      rmSync(root, { recursive: true });
    }
  },
  patienceMs(KILLS),
);

test(
  "a finished store, killed while everything in it changes",
  async () => {
    const finished = join(folder, "finished");
    await useStore(finished);
    const random = seededRandom(20_261_129);
    cpSync(finished, join(folder, "again"), { recursive: true });
    const calls = Number(await start({ root: join(folder, "again") }).stdout.text());
    for (let round = 0; round < ROUNDS; round += 1) {
      const root = join(folder, `changed-${round}`);
      cpSync(finished, root, { recursive: true });
      const child = start({ root, killAtCall: 1 + Math.floor(random() * calls * 0.9) });
      await child.exited;
      expect(child.signalCode).toBe("SIGKILL");
      await expectSound(root);
      await expectFinished(root);
      rmSync(root, { recursive: true });
    }
  },
  patienceMs(ROUNDS),
);

test(
  "several that work on one store, killed at random moments",
  async () => {
    const root = join(folder, "shared");
    const random = seededRandom(4);
    await useStore(root);
    for (let round = 0; round < ROUNDS; round += 1) {
      const children = [1, 2, 3].map(() => start({ root, repeat: true }));
      for (const child of children) {
        // The moment is chance, and nothing is expected of it.
        await Bun.sleep(50 + random() * 100);
        child.kill("SIGKILL");
      }
      const texts = await Promise.all(children.map(async (child) => await child.stdout.text()));
      expect(texts).toEqual(["", "", ""]);
      await expectSound(root);
    }
    await expectFinished(root);
  },
  patienceMs(ROUNDS),
);
