// Bringing images in, killed at many moments and by several processes at once, in both formats: what is
// left is sound, the next one finishes it, nothing is fetched or made twice.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkStore } from "../../src/image/content/check.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { findRecord, recordName } from "../../src/image/record.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP } from "../../src/oci/media-types.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { seededRandom } from "../fixtures/random.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { digestOf } from "../fixtures/unpacked-layers.ts";
import { type BringInRequest, bringAllIn } from "./bring-in-process.ts";
import { bundleProgram } from "./bundle-program.ts";
import { IMAGE_KILLS, patienceMs, shareOf } from "./kills.ts";

const IMAGES = ["one", "two", "three"];
/** Shared by all images, and one for each. */
const LAYERS = 5;
/** For each format. */
const KILLS = shareOf(IMAGE_KILLS, 3);
const PROCESSES = 4;
const FORMATS = ["erofs", "directory"] as const;

let folder = "";
let program = "";
let layout: TestLayout;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-bring-crash-"));
  program = await bundleProgram("bring-in-process", folder);
  layout = new TestLayout(join(folder, "layout"));
  layout.setIndex(IMAGES.map((name) => named(imageOf(name), name)));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Two shared layers, the second uncompressed, and one of its own. */
function imageOf(name: string) {
  const layers = [layerOf("base", 1), layerOf("middle", 2), layerOf(name, name.length)];
  const [base, middle, own] = layers.map((layer) => Buffer.from(layer));
  const config = { os: "linux", architecture: "amd64" };
  const image = {
    ...config,
    rootfs: { type: "layers", diff_ids: layers.map((each) => digestOf(each)) },
  };
  return layout.addManifest(layout.addDocument(image, OCI_CONFIG), [
    layout.addBlob(gzipSync(base ?? ""), OCI_LAYER_GZIP),
    layout.addBlob(middle ?? "", OCI_LAYER),
    layout.addBlob(gzipSync(own ?? ""), OCI_LAYER_GZIP),
  ]);
}

/** Its content does not compress to nothing. */
function layerOf(name: string, seed: number): Buffer {
  const random = seededRandom(seed);
  const data = Buffer.from(Array.from({ length: 20_000 }, () => Math.floor(random() * 256)));
  const files = Array.from({ length: 10 }, (_, index) => ({ name: `${name}/${index}`, data }));
  return archive({ name, type: "5" }, ...files);
}

function start(request: BringInRequest) {
  return Bun.spawn([process.execPath, program, JSON.stringify(request)], {
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function expectSound(root: string): Promise<void> {
  using store = new ContentStore(root);
  const findings = await checkStore(store);
  expect(findings.filter(({ severity }) => severity === "damaged")).toEqual([]);
}

async function expectFinished(request: BringInRequest): Promise<void> {
  const { root, format } = request;
  using store = new ContentStore(root);
  await collectGarbage(store, { partialAgeMs: 0 });
  expect(await checkStore(store)).toEqual([]);
  expect(readdirSync(join(root, "staging"))).toEqual([]);
  expect(store.names()).toHaveLength(IMAGES.length);
  const platform = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
  const ownership = process.geteuid?.() === 0 ? "keep" : "single";
  for (const { descriptor } of store.names()) {
    const record = findRecord(root, recordName(descriptor.digest, platform, ownership));
    expect(record?.root.format).toBe(format);
  }
}

describe.each([...FORMATS])("format %s", (format) => {
  const requestFor = (name: string): BringInRequest => ({
    root: join(folder, `${format}-${name}`),
    layout: layout.folder,
    format,
  });

  test(
    "killed before any system call: the store is sound, the next one finishes",
    async () => {
      const whole = start(requestFor("whole"));
      const calls = Number(await whole.stdout.text());
      expect(await whole.exited).toBe(0);
      expect(calls).toBeGreaterThan(200);
      await expectFinished(requestFor("whole"));
      for (let round = 0; round < KILLS; round += 1) {
        const request = requestFor(`killed-${round}`);
        const child = start({ ...request, killAtCall: 1 + Math.floor((round * calls) / KILLS) });
        await child.exited;
        expect(child.signalCode).toBe("SIGKILL");
        await expectSound(request.root);
        await bringAllIn(request);
        await expectFinished(request);
        rmSync(request.root, { recursive: true });
      }
    },
    patienceMs(KILLS),
  );

  test("several processes at once: each layer is fetched once", async () => {
    const log = join(folder, `${format}.log`);
    writeFileSync(log, "");
    const request = { ...requestFor("shared"), log };
    const children = Array.from({ length: PROCESSES }, () => start(request));
    const errors = await Promise.all(children.map(({ stderr }) => stderr.text()));
    expect(errors.join("")).toBe("");
    expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
    const fetched = readFileSync(log, "utf8").trim().split("\n");
    expect(fetched.toSorted()).toEqual([...new Set(fetched)].toSorted());
    expect(fetched).toHaveLength(LAYERS);
    await expectFinished(request);
  });

  test("one is killed while the others wait for it: they finish its work", async () => {
    const request = requestFor("abandoned");
    const killed = start({ ...request, killAtCall: 250 });
    const others = Array.from({ length: PROCESSES - 1 }, () => start(request));
    await killed.exited;
    expect(await Promise.all(others.map(({ exited }) => exited))).toEqual([0, 0, 0]);
    await expectFinished(request);
  });
});
