import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OCI_MANIFEST } from "../../oci/media-types.ts";
import { encodeText } from "../../sys/memory.ts";
import { contentOf, digestOf, TestStore } from "./store.fixture.ts";

const REF = "org.opencontainers.image.ref.name";
const DEBIAN = "docker.io/library/debian:12";

let place: TestStore;

beforeEach(() => {
  place = new TestStore();
});

afterEach(() => {
  place[Symbol.dispose]();
});

function names(): (readonly [name: string | undefined, digest: string])[] {
  return place.content.names().map(({ name, descriptor }) => [name, descriptor.digest]);
}

test("a document is written once and read back verified", () => {
  const { content } = place;
  const text = encodeText('{"a":1}');
  const written = content.writeDocument(text, OCI_MANIFEST);
  expect(written).toEqual({ mediaType: OCI_MANIFEST, digest: digestOf(text), size: 7 });
  expect(content.writeDocument(text, OCI_MANIFEST)).toEqual(written);
  expect(content.readDocument(written)).toEqual(text);
  const long = content.writeDocument(text, OCI_MANIFEST, digestOf(text, "sha512"));
  expect(long.digest).toBe(digestOf(text, "sha512"));
  expect(content.readDocument(long)).toEqual(text);
  expect(() => content.writeDocument(text, OCI_MANIFEST, digestOf(contentOf(1)))).toThrow(
    "verify the blob",
  );
  expect(readdirSync(join(place.root, "staging"))).toHaveLength(1);
});

test("a document that is not what its descriptor says is refused", () => {
  const { content } = place;
  const written = content.writeDocument(encodeText("{}"), OCI_MANIFEST);
  expect(() => content.readDocument({ ...written, size: 3 })).toThrow(
    "it has 2 bytes instead of 3",
  );
  expect(() => content.readDocument({ ...written, size: 1e9 })).toThrow(
    "it is larger than 4194304 bytes",
  );
  expect(() => content.readDocument(written, 1)).toThrow("it is larger than 1 bytes");
  writeFileSync(content.blobPath(written.digest), "[]");
  expect(() => content.readDocument(written)).toThrow("its digest is");
  rmSync(content.blobPath(written.digest));
  expect(() => content.readDocument(written)).toThrow("no such file or directory");
  expect(content.blobSize(written.digest)).toBeUndefined();
});

test("what is no regular file is no blob", () => {
  const { content } = place;
  const [one, two] = [digestOf(contentOf(1)), digestOf(contentOf(2))];
  mkdirSync(content.blobPath(one));
  symlinkSync("/etc/passwd", content.blobPath(two));
  for (const digest of [one, two]) {
    expect(() => content.openBlob(digest)).toThrow("it is not a regular file");
    expect(() => content.blobSize(digest)).toThrow("it is not a regular file");
  }
});

test("names: given, moved, removed", async () => {
  const { content } = place;
  const { manifest: old } = await place.addImage([1]);
  const { manifest: recent } = await place.addImage([2]);
  await content.setName(DEBIAN, old);
  await content.setName("localhost/mine:1", old);
  expect(names()).toEqual([
    [DEBIAN, old.digest],
    ["localhost/mine:1", old.digest],
  ]);
  expect(content.findName(DEBIAN)).toEqual(old);
  expect(content.findName("debian")).toBeUndefined();
  // It has another name: nothing is left behind.
  await content.setName(DEBIAN, recent);
  expect(names()).toEqual([
    ["localhost/mine:1", old.digest],
    [DEBIAN, recent.digest],
  ]);
  // Its last one: the image stays, without a name.
  await content.setName("localhost/mine:1", recent);
  expect(names()).toEqual([
    [DEBIAN, recent.digest],
    [undefined, old.digest],
    ["localhost/mine:1", recent.digest],
  ]);
  // And has one again.
  await content.setName("localhost/old:1", old);
  expect(names().filter(([name]) => name === undefined)).toEqual([]);
  expect(await content.removeName(DEBIAN)).toBe(true);
  expect(await content.removeName(DEBIAN)).toBe(false);
  expect(await content.removeName("localhost/mine:1", "keep-image")).toBe(true);
  expect(names()).toEqual([
    ["localhost/old:1", old.digest],
    [undefined, recent.digest],
  ]);
  expect(await content.removeDescriptors(recent.digest)).toEqual([]);
  expect(await content.removeDescriptors(old.digest)).toEqual(["localhost/old:1"]);
  expect(names()).toEqual([]);
});

test("an image without a name is kept once", async () => {
  const { content } = place;
  const { manifest } = await place.addImage([1]);
  await content.keepNameless(manifest);
  await content.keepNameless(manifest);
  expect(names()).toEqual([[undefined, manifest.digest]]);
  await content.setName(DEBIAN, manifest);
  await content.keepNameless(manifest);
  expect(names()).toEqual([[DEBIAN, manifest.digest]]);
});

test("what is not here gets no name", async () => {
  const digest = digestOf(contentOf(1));
  const absent = { mediaType: OCI_MANIFEST, digest, size: 1 };
  await expect(place.content.setName(DEBIAN, absent)).rejects.toThrow(
    `name the image ${digest}: it is not in the store`,
  );
  const { manifest } = await place.addImage([1]);
  const wrong = { ...manifest, size: 1 };
  await expect(place.content.setName(DEBIAN, wrong)).rejects.toThrow("bytes here instead of 1");
  expect(names()).toEqual([]);
});

test("what other programs write into index.json is kept", async () => {
  const { content } = place;
  const { manifest: theirs } = await place.addImage([1]);
  const { manifest: ours } = await place.addImage([2]);
  const descriptor = {
    ...theirs,
    platform: { os: "linux", architecture: "amd64" },
    annotations: { [REF]: "latest", "org.example": "kept" },
    "x-unknown": [1],
  };
  const path = join(place.root, "index.json");
  writeFileSync(path, JSON.stringify({ schemaVersion: 2, manifests: [descriptor], "x-own": true }));
  await content.setName(DEBIAN, ours);
  const index = JSON.parse(readFileSync(path, "utf8"));
  expect(index).toEqual({
    schemaVersion: 2,
    manifests: [descriptor, { ...ours, annotations: { [REF]: DEBIAN } }],
    "x-own": true,
  });
  expect(content.findName("latest")?.annotations).toEqual({ "org.example": "kept" });
});

test("names that several set at once are all there", async () => {
  const { manifest } = await place.addImage([1]);
  const wanted = Array.from({ length: 20 }, (_, index) => `localhost/a:${index}`);
  await Promise.all(wanted.map((name) => place.content.setName(name, manifest)));
  expect(
    names()
      .map(([name]) => name)
      .sort(),
  ).toEqual(wanted.sort());
});

test("a damaged index.json says how it is made anew", () => {
  writeFileSync(join(place.root, "index.json"), '{"schemaVersion": 2, "manifests": [{}]}');
  expect(() => place.content.names()).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("check --repair") }),
  );
});

test("a store without its index.json says so", () => {
  rmSync(join(place.root, "index.json"));
  expect(() => place.content.names()).toThrow("the store has lost it");
});
