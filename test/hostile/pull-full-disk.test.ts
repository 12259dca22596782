// Pulls onto a disk that has too little room, or loses it on the way: an error that says so, a sound store,
// and with room again the pull succeeds.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
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
import { doRequest } from "./pull-process.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const DISK_BYTES = 24 * 1024 * 1024;
const LAYER_BYTES = 1_500_000;
const LAYERS = 3;
const FORMATS: readonly LayerFormat[] = ["erofs", "directory"];

let folder = "";
let disk = "";
let registry: FaultyRegistry;

function must(...command: string[]): void {
  const result = Bun.spawnSync(command, { stderr: "pipe" });
  expect(result.exitCode, `${command.join(" ")}: ${result.stderr}`).toBe(0);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-pull-disk-"));
  registry = await FaultyRegistry.start();
  const layout = new TestLayout(join(folder, "layout"));
  const random = seededRandom(1);
  const layers = Array.from({ length: LAYERS }, (_, index) => {
    const data = Buffer.from(Array.from({ length: LAYER_BYTES }, () => Math.floor(random() * 256)));
    return archive({ name: `file-${index}`, data });
  });
  layout.setIndex([named(layout.addImage({ layers }), "latest")]);
  registry.content.addLayout("app", layout.folder, "1");
  disk = join(folder, "disk");
  mkdirSync(disk);
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  writeFileSync(join(folder, "image"), "");
  truncateSync(join(folder, "image"), DISK_BYTES);
  must("mkfs.ext4", "-q", "-m", "0", "-b", "1024", join(folder, "image"));
  must("mount", "-o", "loop", join(folder, "image"), disk);
});

afterEach(() => {
  must("umount", disk);
});

/** Leaves about so much room. */
function fill(rest: number): void {
  const { bavail, bsize } = statfsSync(disk);
  must("fallocate", "-l", String(bavail * bsize - rest), join(disk, "ballast"));
}

describe.skipIf(NEEDS_ROOT).each([...FORMATS])("format %s", (format) => {
  test("with every amount of room a pull ends right or says that there is none", async () => {
    const root = join(disk, "store");
    const request = { verb: "pull", root, name: `${registry.domain}/app:1`, format } as const;
    new ContentStore(root)[Symbol.dispose]();
    const ends = new Set<string>();
    for (let rest = 200_000; rest < 14_000_000; rest += 900_000) {
      fill(rest);
      const end: unknown = await doRequest(request).then(
        () => "done",
        (error: unknown) => error,
      );
      if (end !== "done") {
        expect(end).toMatchObject({ name: "OcicatError", code: "exhausted" });
      }
      ends.add(end === "done" ? "done" : "full");
      using store = new ContentStore(root);
      const findings = await checkStore(store);
      expect(findings.filter(({ severity }) => severity === "damaged")).toEqual([]);
      rmSync(join(disk, "ballast"));
      await doRequest(request);
      await doRequest({ ...request, verb: "rmi" });
      await collectGarbage(store, { partialAgeMs: 0 });
      expect(await checkStore(store)).toEqual([]);
    }
    expect([...ends].toSorted()).toEqual(["done", "full"]);
  }, 300_000);
});
