import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { noteContainerImage } from "../../store/container-images.ts";
import { tryLock } from "../../store/lock.ts";
import { close } from "../../sys/file.ts";
import { chainIds } from "../layers/chain-id.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { Metadata } from "./metadata.ts";
import { diffIdOf, type TestImage, TestStore } from "./store.fixture.ts";

let place: TestStore;

beforeEach(() => {
  place = new TestStore();
});

afterEach(() => {
  place[Symbol.dispose]();
});

function blobs(): string[] {
  return readdirSync(join(place.root, "blobs", "sha256")).sort();
}

function hexes(...descriptors: readonly Descriptor[]): string[] {
  return [...new Set(descriptors.map(({ digest }) => hexOf(digest)))].sort();
}

function all({ manifest, config, layers }: TestImage): Descriptor[] {
  return [manifest, config, ...layers];
}

function fileName(digest: Digest, suffix: string): string {
  return `sha256-${hexOf(digest)}${suffix}`;
}

test("what a name leads to stays, through indexes; the rest goes", async () => {
  const named = await place.addImage([1, 2]);
  const inIndex = await place.addImage([2, 3]);
  const garbage = await place.addImage([3, 4]);
  const absent = { ...garbage.manifest, digest: diffIdOf(99) };
  const index = place.addIndex([inIndex.manifest, absent]);
  const outer = place.addIndex([index]);
  await place.content.setName("localhost/a:1", named.manifest);
  await place.content.setName("localhost/b:1", outer);
  const store = place.reopen();
  const expected = hexes(...all(named), ...all(inIndex), index, outer);
  const trial = await collectGarbage(store, { dryRun: true });
  expect(blobs()).not.toEqual(expected);
  const collected = await collectGarbage(store);
  expect(blobs()).toEqual(expected);
  expect(collected).toEqual(trial);
  expect(collected.removed.map(({ kind }) => kind)).toEqual(["blob", "blob", "blob"]);
  expect(collected.bytes).toBeGreaterThanOrEqual(50_000 + 2 * 512);
  expect(await collectGarbage(store)).toEqual({ removed: [], bytes: 0 });
});

test("an image without a name stays until it is removed", async () => {
  const image = await place.addImage([1]);
  await place.content.keepNameless(image.manifest);
  const store = place.reopen();
  await collectGarbage(store);
  expect(blobs()).toEqual(hexes(...all(image)));
  await store.removeDescriptors(image.manifest.digest);
  await collectGarbage(store);
  expect(blobs()).toEqual([]);
});

test("a lease protects what it names and what that leads to, while it is held", async () => {
  const image = await place.addImage([1]);
  const store = place.reopen();
  {
    using lease = store.lease("a test");
    lease.protect(image.manifest.digest);
    await collectGarbage(store);
    expect(blobs()).toEqual(hexes(...all(image)));
  }
  await collectGarbage(store);
  expect(blobs()).toEqual([]);
});

test("what comes in is protected until its store is closed, or it has a name", async () => {
  const image = await place.addImage([1]);
  await collectGarbage(place.content);
  expect(blobs()).toEqual(hexes(...all(image)));
  await place.content.setName("localhost/a:1", image.manifest);
  await collectGarbage(place.reopen());
  expect(blobs()).toEqual(hexes(...all(image)));
});

test("a container keeps its image, whatever it is called", async () => {
  const image = await place.addImage([1]);
  const folder = join(place.root, "containers", "c1");
  mkdirSync(folder, { recursive: true });
  const fd = openSync(folder, "r");
  noteContainerImage(fd, image.manifest.digest);
  close(fd);
  const store = place.reopen();
  await collectGarbage(store);
  expect(blobs()).toEqual(hexes(...all(image)));
  rmSync(folder, { recursive: true });
  await collectGarbage(store);
  expect(blobs()).toEqual([]);
});

function addLayer(name: string, isFolder: boolean): void {
  const path = join(place.root, "layers", name);
  if (isFolder) {
    mkdirSync(join(path, "fs", "deep"), { recursive: true });
    writeFileSync(join(path, "fs", "deep", "file"), new Uint8Array(20_000));
  } else {
    writeFileSync(path, new Uint8Array(10_000));
  }
}

test("layers stay with the images that they are made of", async () => {
  const image = await place.addImage([1, 2]);
  const other = await place.addImage([1, 3]);
  await place.content.setName("localhost/a:1", image.manifest);
  const [, top = diffIdOf(0)] = chainIds([diffIdOf(1), diffIdOf(2)]);
  const [, otherTop = diffIdOf(0)] = chainIds([diffIdOf(1), diffIdOf(3)]);
  const kept = [
    fileName(diffIdOf(1), ".erofs"),
    fileName(diffIdOf(2), ".erofs"),
    fileName(top, ".merged.erofs"),
    fileName(top, ".single"),
    fileName(diffIdOf(1), ""),
  ];
  const garbage = [
    fileName(diffIdOf(3), ".erofs"),
    fileName(otherTop, ".merged.erofs"),
    fileName(otherTop, ""),
  ];
  for (const name of [...kept, ...garbage]) {
    addLayer(name, !name.endsWith("erofs"));
  }
  const records = [image, other].map(({ manifest }) =>
    fileName(manifest.digest, ".linux-amd64.json"),
  );
  for (const name of records) {
    writeFileSync(join(place.root, "images", name), "{}");
  }
  const store = place.reopen();
  const trial = await collectGarbage(store, { dryRun: true });
  const { removed, bytes } = await collectGarbage(store);
  expect(trial.bytes).toBe(bytes);
  expect(readdirSync(join(place.root, "layers")).sort()).toEqual(kept.sort());
  expect(readdirSync(join(place.root, "images"))).toEqual(records.slice(0, 1));
  const layers = removed.filter(({ kind }) => kind === "layer");
  expect(layers.map(({ name }) => name).sort()).toEqual(garbage.sort());
  expect(bytes).toBeGreaterThan(20_000 + 2 * 10_000);
});

test("what a record lists stays with it, whatever it is called", async () => {
  const image = await place.addImage([1]);
  const data = await place.addImage([7]);
  await place.content.setName("localhost/a:1", image.manifest);
  const blob = data.layers[0]?.digest ?? diffIdOf(0);
  addLayer(fileName(diffIdOf(50), "-mix.merged.erofs"), false);
  const record = {
    version: 2,
    manifest: image.manifest.digest,
    config: image.config.digest,
    root: {
      format: "erofs",
      image: `layers/${fileName(diffIdOf(50), "-mix.merged.erofs")}`,
      devices: [`blobs/sha256/${hexOf(blob)}`],
      key: "key",
    },
    image: '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
    notes: [],
  };
  const name = fileName(image.manifest.digest, ".linux-amd64.json");
  writeFileSync(join(place.root, "images", name), JSON.stringify(record));
  await collectGarbage(place.reopen());
  expect(blobs()).toContain(hexOf(blob));
  expect(readdirSync(join(place.root, "layers"))).toHaveLength(1);
});

test("a layer whose lock is held stays", async () => {
  const name = fileName(diffIdOf(1), ".erofs");
  addLayer(name, false);
  {
    using _held = tryLock(place.content.folders.staging.number, `${name}.lock`);
    await collectGarbage(place.content);
    expect(readdirSync(join(place.root, "layers"))).toEqual([name]);
  }
  await collectGarbage(place.content);
  expect(readdirSync(join(place.root, "layers"))).toEqual([]);
});

test("staging: leftovers go, young downloads stay, old ones go", async () => {
  const staging = join(place.root, "staging");
  const [young, old] = [1, 2].map((seed) => fileName(diffIdOf(seed), ".partial"));
  writeFileSync(join(staging, young ?? ""), "x");
  writeFileSync(join(staging, old ?? ""), "x");
  const yesterday = Date.now() / 1000 - 25 * 60 * 60;
  utimesSync(join(staging, old ?? ""), yesterday, yesterday);
  mkdirSync(join(staging, "collected.removed-17", "x"), { recursive: true });
  mkdirSync(join(staging, fileName(diffIdOf(3), ""), "fs"), { recursive: true });
  writeFileSync(join(staging, "left.lock"), "");
  const store = place.reopen();
  await collectGarbage(store);
  expect(readdirSync(staging)).toEqual([young ?? ""]);
  const { removed } = await collectGarbage(store, { partialAgeMs: 0 });
  expect(removed.map(({ kind, name }) => [kind, name])).toEqual([["unfinished", young ?? ""]]);
  expect(readdirSync(staging)).toEqual([]);
});

test("nothing is removed when the names are not known", async () => {
  const image = await place.addImage([1]);
  const store = place.reopen();
  rmSync(join(place.root, "index.json"));
  await expect(collectGarbage(store)).rejects.toThrow("the store has lost it");
  writeFileSync(join(place.root, "index.json"), "{");
  await expect(collectGarbage(store)).rejects.toThrow("not JSON");
  expect(blobs()).toEqual(hexes(...all(image)));
});

test("a damaged manifest is not garbage; files of other programs are left alone", async () => {
  const image = await place.addImage([1]);
  await place.content.setName("localhost/a:1", image.manifest);
  writeFileSync(place.content.blobPath(image.manifest.digest), "{}");
  writeFileSync(join(place.root, "blobs", "sha256", "oci-put-blob123"), "");
  await collectGarbage(place.reopen());
  expect(blobs()).toEqual([hexOf(image.manifest.digest), "oci-put-blob123"].sort());
});

test("what is remembered of content goes with it", async () => {
  const { manifest } = await place.addImage([1]);
  {
    const metadata = new Metadata(place.root);
    metadata.noteSource("docker.io/library/a", [manifest.digest]);
  }
  await collectGarbage(place.reopen());
  const metadata = new Metadata(place.root);
  expect(metadata.sourcesOf(manifest.digest)).toEqual([]);
  expect(existsSync(join(place.root, "metadata.sqlite"))).toBe(true);
});

test.each([
  ["", "empty"],
  ["sha256:0", "cut off"],
])("an image stays for a container whose note of it is %p", async (note) => {
  const { manifest } = await place.addImage([1]);
  const container = join(place.root, "containers", "kept");
  mkdirSync(container, { recursive: true });
  writeFileSync(join(container, "image"), note);
  const record = { version: 1, image: { name: "localhost/a:1", digest: manifest.digest } };
  writeFileSync(join(container, "container.json"), JSON.stringify(record));
  await collectGarbage(place.reopen());
  expect(place.reopen().blobSize(manifest.digest)).toBe(manifest.size);
  writeFileSync(join(container, "container.json"), "");
  await collectGarbage(place.reopen());
  expect(place.reopen().blobSize(manifest.digest)).toBeUndefined();
});
