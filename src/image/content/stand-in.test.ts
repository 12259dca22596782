// What the store shows to other programs of images of Docker's media types.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Descriptor, REFERENCE_NAME } from "../../oci/descriptor.ts";
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import { decodeIndex, decodeManifest } from "../../oci/parse/image.ts";
import { decodeText } from "../../sys/memory.ts";
import { checkStore } from "./check.ts";
import { collectGarbage } from "./collect-garbage.ts";
import type { ContentStore } from "./content-store.ts";
import { diskUsage } from "./disk-usage.ts";
import { AMD64, TestStore } from "./store.fixture.ts";

let place: TestStore;

beforeEach(() => {
  place = new TestStore();
});

afterEach(() => {
  place[Symbol.dispose]();
});

const NAME = "docker.io/library/app:1";

/** With Docker's types, which other programs pass over. */
async function dockerImage(seed: number): Promise<Descriptor> {
  const { config, layers } = await place.addImage([seed]);
  const typed = layers.map((layer) => ({ ...layer, mediaType: DOCKER_LAYER_GZIP }));
  const document = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: { ...config, mediaType: DOCKER_CONFIG },
    layers: typed,
  };
  return place.addDocument(document, DOCKER_MANIFEST);
}

/** As others read index.json. */
function entries(): readonly Descriptor[] {
  return decodeIndex(readFileSync(join(place.root, "index.json"), "utf8")).manifests;
}

function entryOf(name: string): Descriptor {
  const entry = entries().find((each) => each.annotations?.[REFERENCE_NAME] === name);
  if (entry === undefined) {
    throw new Error(`index.json has no ${name}`);
  }
  return entry;
}

async function collected(): Promise<ContentStore> {
  const store = place.reopen();
  await collectGarbage(store);
  return store;
}

test("its name leads others to the same image in OCI's types, and us to the image itself", async () => {
  const image = await dockerImage(1);
  await place.content.setName(NAME, image);
  expect(place.content.names()).toEqual([
    { name: NAME, descriptor: expect.objectContaining(image) },
  ]);
  expect(place.content.findName(NAME)).toMatchObject(image);
  const own = decodeManifest(decodeText(place.content.readDocument(image)));
  const entry = entryOf(NAME);
  expect(entry.mediaType).toBe(OCI_MANIFEST);
  const shown = decodeManifest(decodeText(place.content.readDocument(entry)));
  expect(shown.config).toEqual({ ...own.config, mediaType: OCI_CONFIG });
  expect(shown.layers).toEqual(
    own.layers.map((layer) => ({ ...layer, mediaType: OCI_LAYER_GZIP })),
  );
});

test("it comes with the name, and goes with the image", async () => {
  const image = await dockerImage(1);
  await place.content.setName(NAME, image);
  await place.content.setName("docker.io/library/other:1", image);
  const { digest, size } = entryOf(NAME);
  expect(entryOf("docker.io/library/other:1").digest).toBe(digest);
  const store = await collected();
  expect(store.blobSize(digest)).toBe(size);
  expect(await checkStore(store)).toEqual([]);
  const { images, blobs } = diskUsage(store);
  expect(images.map(({ bytes }) => bytes)).toEqual([blobs.bytes]);
  await store.removeName(NAME);
  await store.removeName("docker.io/library/other:1", "keep-image");
  expect(entries()).toEqual([expect.objectContaining({ digest: image.digest })]);
  expect((await collected()).blobSize(digest)).toBeUndefined();
  await place.content.removeDescriptors(image.digest);
  expect(diskUsage(await collected()).blobs.count).toBe(0);
});

test("a name that moves leaves the image without one, and no stand-in", async () => {
  const image = await dockerImage(1);
  const { manifest } = await place.addImage([2]);
  await place.content.setName(NAME, image);
  await place.content.setName(NAME, manifest);
  expect(place.content.names().map(({ name, descriptor }) => [name, descriptor.digest])).toEqual([
    [undefined, image.digest],
    [NAME, manifest.digest],
  ]);
  expect(entries().map(({ digest }) => digest)).toEqual([image.digest, manifest.digest]);
});

test("of an index it lists what is here", async () => {
  const image = await dockerImage(1);
  const { manifest } = await place.addImage([2]);
  const absent = { ...image, digest: `sha256:${"1".repeat(64)}` as const };
  const document = {
    schemaVersion: 2,
    mediaType: DOCKER_INDEX,
    manifests: [
      { ...image, platform: AMD64 },
      { ...manifest, platform: { os: "linux", architecture: "arm64" } },
      { ...absent, platform: { os: "linux", architecture: "s390x" } },
    ],
  };
  const index = place.addDocument(document, DOCKER_INDEX);
  await place.content.setName(NAME, index);
  expect(place.content.findName(NAME)).toMatchObject(index);
  const entry = entryOf(NAME);
  expect(entry.mediaType).toBe(OCI_INDEX);
  const shown = decodeIndex(decodeText(place.content.readDocument(entry)));
  const listed = shown.manifests.map(({ mediaType, platform }) => [mediaType, platform]);
  expect(listed).toEqual([
    [OCI_MANIFEST, AMD64],
    [OCI_MANIFEST, { os: "linux", architecture: "arm64" }],
  ]);
  const [first] = shown.manifests;
  expect(first?.digest).not.toBe(image.digest);
  const store = await collected();
  expect(store.blobSize(first?.digest ?? image.digest)).toBe(first?.size);
  expect(await checkStore(store)).toEqual([]);
});

test("where it is lost, a repair lets the name lead to the image", async () => {
  const image = await dockerImage(1);
  await place.content.setName(NAME, image);
  const { digest } = entryOf(NAME);
  rmSync(place.content.blobPath(digest));
  const [finding, ...others] = await checkStore(place.content, { repair: true });
  expect(finding).toMatchObject({ kind: "store-file", severity: "damaged", isRepaired: true });
  expect(others).toEqual([]);
  expect(entryOf(NAME).digest).toBe(image.digest);
  expect(await checkStore(place.content)).toEqual([]);
});

test("a lost index.json is made anew with images alone", async () => {
  const image = await dockerImage(1);
  await place.content.setName(NAME, image);
  const { digest } = entryOf(NAME);
  rmSync(join(place.root, "index.json"));
  await checkStore(place.content, { repair: true });
  expect(existsSync(place.content.blobPath(digest))).toBe(true);
  const found = entries().map((each) => each.digest);
  expect(found).toContain(image.digest);
  expect(found).not.toContain(digest);
});
