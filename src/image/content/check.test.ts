import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { hexOf } from "../../oci/digest.ts";
import { bytes, encodeText } from "../../sys/memory.ts";
import { encodeLayerHeader } from "../erofs/layer-file.ts";
import { LayerFileWriter } from "../erofs/layer-file-writer.ts";
import { checkStore } from "./check.ts";
import { listImages } from "./image-list.ts";
import { Metadata } from "./metadata.ts";
import { contentOf, diffIdOf, digestOf, type TestImage, TestStore } from "./store.fixture.ts";

const NAME = "localhost/a:1";

let place: TestStore;
let image: TestImage;

beforeEach(async () => {
  place = new TestStore();
  image = await place.addImage([1, 2]);
  await place.content.setName(NAME, image.manifest);
  listImages(place.content);
});

afterEach(() => {
  place[Symbol.dispose]();
});

async function sentences(options = {}): Promise<string[]> {
  const findings = await checkStore(place.content, options);
  return findings.map(({ sentence }) => sentence);
}

/** The findings' kinds; after a repair of what can be repaired, those of a second check. */
async function kinds(options = {}): Promise<string[]> {
  const findings = await checkStore(place.content, options);
  return findings.map(({ kind }) => kind);
}

async function kindsAfterRepair(): Promise<string[]> {
  await checkStore(place.content, { repair: true });
  return kinds();
}

function blobPath(seed = 1): string {
  return place.content.blobPath(digestOf(contentOf(50_000, seed)));
}

test("a sound store: nothing, and every byte was read", async () => {
  let read = 0;
  const onRead = (count: number): void => {
    read += count;
  };
  expect(await sentences({ onRead })).toEqual([]);
  expect(read).toBe(100_000 + image.manifest.size + image.config.size);
  expect(await sentences({ quick: true })).toEqual([]);
  expect(await sentences({ repair: true })).toEqual([]);
});

test("a blob of other content, found by reading it; of another size, found without", async () => {
  const { digest } = image.layers[0] ?? image.config;
  writeFileSync(blobPath(), contentOf(50_000, 9));
  expect(await sentences({ quick: true })).toEqual([]);
  expect(await sentences()).toEqual([
    `the blob ${digest} is damaged: its digest is ${digestOf(contentOf(50_000, 9))}`,
    `the image ${NAME} is not whole, pull it again: the blob ${digest} is damaged`,
  ]);
  truncateSync(blobPath(), 7);
  expect(await sentences({ quick: true })).toEqual([
    `the image ${NAME} is not whole, pull it again: the blob ${digest} has 7 bytes instead of 50000`,
  ]);
  // It would be taken for the right one for ever.
  const findings = await checkStore(place.content, { repair: true });
  expect(findings.map(({ kind, isRepaired }) => [kind, isRepaired])).toEqual([
    ["blob", true],
    ["image", false],
  ]);
  expect(existsSync(blobPath())).toBe(false);
  await place.addBlob(contentOf(50_000, 1));
  expect(await sentences()).toEqual([]);
});

test("what is missing of an image", async () => {
  rmSync(place.content.blobPath(image.config.digest));
  rmSync(blobPath(2));
  expect(await sentences()).toEqual([
    `the image ${NAME} is not whole, pull it again: the configuration ${image.config.digest}: no such file or directory (ENOENT)`,
    `the image ${NAME} is not whole, pull it again: the blob ${image.layers[1]?.digest} is missing`,
  ]);
  rmSync(place.content.blobPath(image.manifest.digest));
  expect(await sentences()).toEqual([
    `the image ${NAME} is not whole, pull it again: the manifest ${image.manifest.digest}: no such file or directory (ENOENT)`,
  ]);
});

test("an index of which one platform is here is whole, of which none is it is not", async () => {
  const absent = { ...image.manifest, digest: diffIdOf(5) };
  await place.content.setName("localhost/b:1", place.addIndex([absent, image.manifest]));
  expect(await sentences()).toEqual([]);
  const empty = place.addIndex([absent]);
  await place.content.keepNameless(empty);
  expect(await sentences()).toEqual([
    `the image ${empty.digest} is not whole, pull it again: nothing of what ${empty.digest} lists is here`,
  ]);
});

test("files of the layout are made again; the images keep their content", async () => {
  const garbage = await place.addImage([3]);
  const index = place.addIndex([image.manifest]);
  writeFileSync(join(place.root, "oci-layout"), "");
  writeFileSync(join(place.root, "index.json"), '{"schemaVersion":');
  const found = await checkStore(place.content);
  expect(found.map(({ kind, severity }) => [kind, severity])).toEqual([
    ["store-file", "damaged"],
    ["store-file", "damaged"],
  ]);
  expect(await kindsAfterRepair()).toEqual([]);
  expect(readFileSync(join(place.root, "oci-layout"), "utf8")).toContain("1.0.0");
  const names = place.content.names().map(({ name, descriptor }) => [name, descriptor.digest]);
  expect(names.toSorted()).toEqual(
    [
      [undefined, index.digest],
      [undefined, garbage.manifest.digest],
    ].toSorted(),
  );
  expect(existsSync(join(place.root, "index.json.damaged"))).toBe(true);
});

function addLayerFile(seed: number, change: (content: Uint8Array) => void = () => undefined) {
  const archive = contentOf(10_000, seed);
  const diffId = digestOf(archive);
  const content = bytes(4096 + archive.length);
  content.set(
    encodeLayerHeader({
      tarOffset: 4096,
      tarBytes: archive.length,
      diffId,
      mountable: false,
      metadataOffset: 0,
      metadataBytes: 0,
      metadataSha256: bytes(32),
      metadataHashedBytes: 0,
    }),
  );
  content.set(archive, 4096);
  change(content);
  const name = `sha256-${hexOf(diffId)}.erofs`;
  writeFileSync(join(place.root, "layers", name), content);
  return name;
}

test("layer files: headers always, content when it is read; damaged ones go", async () => {
  const sound = addLayerFile(21);
  const changed = addLayerFile(22, (content) => content.fill(1, 9000, 9001));
  const other = addLayerFile(23);
  rmSync(join(place.root, "layers", other));
  writeFileSync(join(place.root, "layers", other), readFileSync(join(place.root, "layers", sound)));
  const short = addLayerFile(24);
  truncateSync(join(place.root, "layers", short), 9000);
  const unfinished = addLayerFile(25, (content) => content.fill(0, 0, 1024));
  const merged = `sha256-${hexOf(diffIdOf(26))}.merged.erofs`;
  writeFileSync(join(place.root, "layers", merged), bytes(4096));
  const quick = await sentences({ quick: true });
  expect(quick.toSorted()).toEqual(
    [
      `the layer ${other} is damaged: it is the layer ${digestOf(contentOf(10_000, 21))}`,
      `the layer ${short} is damaged: it has 9000 bytes, fewer than 14096`,
      `the layer ${unfinished} is damaged: it is not a layer file, or was never finished`,
      `the layer ${merged} is damaged: it has no file system`,
    ].toSorted(),
  );
  const full = await sentences();
  expect(full).toHaveLength(5);
  expect(full.join("\n")).toContain(`the layer ${changed} is damaged: its digest is`);
  expect(await kindsAfterRepair()).toEqual([]);
  expect(readdirSync(join(place.root, "layers"))).toEqual([sound]);
});

test("the metadata of a layer file count as its content", async () => {
  const archive = bytes(1024);
  const name = `sha256-${hexOf(digestOf(archive))}.erofs`;
  const path = join(place.root, "layers", name);
  const fd = openSync(path, "wx+");
  const writer = new LayerFileWriter(fd);
  writer.push(archive);
  expect(writer.finish(digestOf(archive)).mountable).toBe(true);
  closeSync(fd);
  expect(await sentences()).toEqual([]);
  const content = readFileSync(path);
  content[8192 + 200] = 1;
  writeFileSync(path, content);
  expect(await sentences({ quick: true })).toEqual([]);
  expect(await sentences()).toEqual([
    expect.stringContaining(`the layer ${name} is damaged: its digest is`),
  ]);
});

test("unpacked layers, and records that lead to them", async () => {
  const [whole, half] = [diffIdOf(1), diffIdOf(2)].map((digest) => `sha256-${hexOf(digest)}`);
  for (const name of [whole ?? "", half ?? ""]) {
    mkdirSync(join(place.root, "layers", name, "fs"), { recursive: true });
  }
  writeFileSync(join(place.root, "layers", whole ?? "", "layer.json"), '{"version":1}');
  const base = `sha256-${hexOf(image.manifest.digest)}.linux-`;
  const record = (layers: readonly (string | undefined)[]): string =>
    JSON.stringify({
      version: 2,
      manifest: image.manifest.digest,
      config: image.config.digest,
      root: { format: "directory", layers },
      image: '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
      notes: [],
    });
  writeFileSync(join(place.root, "images", `${base}amd64.json`), record([whole]));
  writeFileSync(join(place.root, "images", `${base}arm64.json`), record([half, whole]));
  writeFileSync(join(place.root, "images", `${base}386.json`), '{"version":1}');
  expect(await sentences()).toEqual([
    `the layer ${half} is damaged: its layer.json is missing or damaged`,
    `the record ${base}386.json is of no use: it is damaged, or of another version`,
  ]);
  const repaired = await checkStore(place.content, { repair: true });
  expect(repaired.map(({ kind, isRepaired }) => [kind, isRepaired])).toEqual([
    ["layer", true],
    ["record", true],
    ["record", true],
  ]);
  expect(await kinds()).toEqual([]);
  expect(readdirSync(join(place.root, "images"))).toEqual([`${base}amd64.json`]);
});

test("a compressed layer of which only the layer file is kept is not missing", async () => {
  const archive = contentOf(10_000, 31);
  const name = addLayerFile(31);
  const layer = await place.addBlob(contentOf(5000, 32));
  const config = place.addDocument(
    {
      os: "linux",
      architecture: "amd64",
      rootfs: { type: "layers", diff_ids: [digestOf(archive)] },
    },
    image.config.mediaType,
  );
  const document = {
    schemaVersion: 2,
    mediaType: image.manifest.mediaType,
    config,
    layers: [layer],
  };
  const manifest = place.addDocument(document, image.manifest.mediaType);
  await place.content.setName("localhost/dropped:1", manifest);
  place.content.removeBlob(layer.digest);
  expect(await sentences()).toEqual([]);
  rmSync(join(place.root, "layers", name));
  expect(await kinds()).toEqual(["image"]);
});

test("a database that is damaged, or says what is not so", async () => {
  const { Database } = await import("bun:sqlite");
  const path = join(place.root, "metadata.sqlite");
  const remember = (): void => {
    const [listed] = listImages(place.content);
    new Metadata(place.root).rememberFacts(listed?.manifests ?? []);
  };
  remember();
  {
    using database = new Database(path);
    database.run("UPDATE image SET facts = json_set(facts, '$.size', 5)");
  }
  expect(await sentences()).toEqual([
    `the database is damaged: what it says of ${image.manifest.digest} is not so`,
  ]);
  expect(await kindsAfterRepair()).toEqual([]);
  remember();
  writeFileSync(path, encodeText("not a database ".repeat(1000)));
  expect(await sentences()).toEqual(["the database is damaged: file is not a database"]);
  expect(await kindsAfterRepair()).toEqual([]);
  expect(listImages(place.content)).toHaveLength(1);
});

test("leftovers are untidy and go; what is not ours is told of and stays", async () => {
  mkdirSync(join(place.root, "staging", "sha256-1", "fs"), { recursive: true });
  writeFileSync(join(place.root, "blobs", "sha256", "oci-put-blob1"), "");
  writeFileSync(join(place.root, "blobs", "sha1"), "");
  writeFileSync(join(place.root, "layers", "x"), "");
  writeFileSync(join(place.root, "notes.txt"), "");
  for (const name of ["events.hot", "events.sqlite", "events.sqlite-wal"]) {
    writeFileSync(join(place.root, name), "");
  }
  const findings = await checkStore(place.content, { repair: true });
  expect(findings.every(({ severity }) => severity === "untidy")).toBe(true);
  const strays = ['"blobs/sha256/oci-put-blob1"', '"layers/x"', '"notes.txt"', '"blobs/sha1"'];
  const expected = strays.map((path) => `${path} is not of this store`);
  expect(await sentences()).toEqual(expected);
});

test("a check can be cancelled", async () => {
  const controller = new AbortController();
  const onRead = (): void => controller.abort();
  const check = checkStore(place.content, { onRead, signal: controller.signal });
  await expect(check).rejects.toThrow("check the store: cancelled");
});
