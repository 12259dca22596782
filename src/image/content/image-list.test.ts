import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerImages, noteContainerImage } from "../../store/container-images.ts";
import { close } from "../../sys/file.ts";
import { containersOf, findById, listImages } from "./image-list.ts";
import { Metadata } from "./metadata.ts";
import { diffIdOf, TestStore } from "./store.fixture.ts";

let place: TestStore;

beforeEach(() => {
  place = new TestStore();
});

afterEach(() => {
  place[Symbol.dispose]();
});

test("each image once, with its names, platforms and facts", async () => {
  const { content } = place;
  const one = await place.addImage([1, 2]);
  const arm = await place.addImage([3], { os: "linux", architecture: "arm64", variant: "v8" });
  const index = place.addIndex([
    one.manifest,
    { ...arm.manifest, digest: diffIdOf(9) },
    arm.manifest,
  ]);
  await content.setName("localhost/a:1", one.manifest);
  await content.setName("localhost/multi:1", index);
  await content.setName("localhost/a:2", one.manifest);
  await content.keepNameless(arm.manifest);
  const oneFacts = {
    manifest: one.manifest.digest,
    config: one.config.digest,
    kind: "image",
    os: "linux",
    architecture: "amd64",
    created: "2026-01-02T03:04:05Z",
    size: one.manifest.size + one.config.size + 100_000,
    layers: one.layers.map(({ digest }) => digest),
    diffIds: [diffIdOf(1), diffIdOf(2)],
    labels: { seeds: "1,2" },
  } as const;
  const armFacts = {
    ...oneFacts,
    manifest: arm.manifest.digest,
    config: arm.config.digest,
    architecture: "arm64",
    variant: "v8",
    size: arm.manifest.size + arm.config.size + 50_000,
    layers: arm.layers.map(({ digest }) => digest),
    diffIds: [diffIdOf(3)],
    labels: { seeds: "3" },
  } as const;
  // The second time from what is remembered.
  for (let round = 0; round < 2; round += 1) {
    expect(listImages(content)).toEqual([
      {
        descriptor: one.manifest,
        names: ["localhost/a:1", "localhost/a:2"],
        manifests: [oneFacts],
      },
      { descriptor: index, names: ["localhost/multi:1"], manifests: [oneFacts, armFacts] },
      { descriptor: arm.manifest, names: [], manifests: [armFacts] },
    ]);
  }
});

test("a damaged image is listed without what is not known", async () => {
  const { manifest } = await place.addImage([1]);
  await place.content.setName("localhost/a:1", manifest);
  rmSync(place.content.blobPath(manifest.digest));
  expect(listImages(place.content)).toEqual([
    { descriptor: manifest, names: ["localhost/a:1"], manifests: [] },
  ]);
});

test("images by the beginning of their ID", async () => {
  const one = await place.addImage([1]);
  const two = await place.addImage([2]);
  const index = place.addIndex([two.manifest]);
  await place.content.setName("localhost/a:1", one.manifest);
  await place.content.setName("localhost/b:1", index);
  const images = listImages(place.content);
  const digestOfFound = (text: string) => findById(images, text)?.descriptor.digest;
  expect(digestOfFound(one.config.digest)).toBe(one.manifest.digest);
  expect(digestOfFound(one.config.digest.slice(7, 19))).toBe(one.manifest.digest);
  expect(digestOfFound(two.config.digest.slice(0, 19))).toBe(index.digest);
  expect(digestOfFound(two.manifest.digest)).toBe(index.digest);
  expect(digestOfFound(index.digest.slice(7))).toBe(index.digest);
  expect(digestOfFound(`sha512:${one.config.digest.slice(7)}`)).toBeUndefined();
  expect(digestOfFound("nothing")).toBeUndefined();
  expect(() => digestOfFound("sha256:")).not.toThrow();
  // The same image once more: which one is taken does not matter to anybody who asks by its ID.
  await place.content.keepNameless(two.manifest);
  const again = findById(listImages(place.content), two.config.digest);
  expect(again?.descriptor.digest).toBe(index.digest);
});

test("the beginning of several IDs is refused", async () => {
  const ids: string[] = [];
  // Of 17 images two begin with the same digit.
  for (let seed = 1; seed <= 17; seed += 1) {
    const { manifest, config } = await place.addImage([seed]);
    await place.content.setName(`localhost/a:${seed}`, manifest);
    ids.push(config.digest.slice(7));
  }
  const digits = ids.map((id) => id.slice(0, 1));
  const common = digits.find((digit, index) => digits.indexOf(digit) < index) ?? "";
  expect(() => findById(listImages(place.content), common)).toThrow("images match");
});

test("the containers of an image", async () => {
  const one = await place.addImage([1]);
  const two = await place.addImage([2]);
  await place.content.setName("localhost/a:1", place.addIndex([one.manifest, two.manifest]));
  for (const [name, { manifest }] of [
    ["c1", one],
    ["c2", two],
  ] as const) {
    const folder = join(place.root, "containers", name);
    mkdirSync(folder, { recursive: true });
    const fd = openSync(folder, "r");
    noteContainerImage(fd, manifest.digest);
    close(fd);
  }
  mkdirSync(join(place.root, "containers", "hello"));
  const [image] = listImages(place.content);
  const users = containerImages(place.content.folders);
  expect(image === undefined ? [] : containersOf(users, image).toSorted()).toEqual(["c1", "c2"]);
});

test("where blobs have been seen, the latest first", async () => {
  const { manifest, config } = await place.addImage([1]);
  const metadata = new Metadata(place.root);
  metadata.noteSource("docker.io/library/b", [manifest.digest, config.digest]);
  metadata.noteSource("docker.io/library/a", [manifest.digest]);
  metadata.noteSource("docker.io/library/b", [manifest.digest]);
  expect(metadata.sourcesOf(manifest.digest)).toEqual([
    "docker.io/library/a",
    "docker.io/library/b",
  ]);
  expect(metadata.sourcesOf(config.digest)).toEqual(["docker.io/library/b"]);
  expect(metadata.sourcesOf(diffIdOf(1))).toEqual([]);
});

test.each(["", "no database at all ".repeat(500), "SQLite format 3\0".padEnd(8192, "x")])(
  "a damaged database is replaced: %#",
  async (content) => {
    const { manifest } = await place.addImage([1]);
    await place.content.setName("localhost/a:1", manifest);
    const before = listImages(place.content);
    for (const suffix of ["-wal", "-shm"]) {
      rmSync(join(place.root, `metadata.sqlite${suffix}`), { force: true });
    }
    writeFileSync(join(place.root, "metadata.sqlite"), content);
    expect(listImages(place.content)).toEqual(before);
    const metadata = new Metadata(place.root);
    metadata.noteSource("docker.io/library/a", [manifest.digest]);
    expect(metadata.sourcesOf(manifest.digest)).toHaveLength(1);
  },
);

test("without a database that can be used nothing is remembered, and nothing fails", async () => {
  const { manifest } = await place.addImage([1]);
  await place.content.setName("localhost/a:1", manifest);
  mkdirSync(join(place.root, "metadata.sqlite"));
  expect(listImages(place.content)).toHaveLength(1);
  const metadata = new Metadata(place.root);
  metadata.noteSource("docker.io/library/a", [manifest.digest]);
  expect(metadata.sourcesOf(manifest.digest)).toEqual([]);
});
