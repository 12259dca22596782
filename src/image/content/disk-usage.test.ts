import { afterEach, beforeEach, expect, test } from "bun:test";
import { linkSync, mkdirSync, openSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hexOf } from "../../oci/digest.ts";
import { noteContainerImage } from "../../store/container-images.ts";
import { close } from "../../sys/file.ts";
import { diskUsage } from "./disk-usage.ts";
import { diffIdOf, TestStore } from "./store.fixture.ts";

let place: TestStore;

beforeEach(() => {
  place = new TestStore();
});

afterEach(() => {
  place[Symbol.dispose]();
});

function du(path = place.root): number {
  const result = Bun.spawnSync(["du", "--summarize", "--one-file-system", "--block-size=1", path]);
  expect(result.exitCode).toBe(0);
  return Number.parseInt(result.stdout.toString(), 10);
}

test("a new store: its folders and files", () => {
  const usage = diskUsage(place.reopen());
  expect(usage.totalBytes).toBe(du());
  expect(usage.otherBytes).toBe(usage.totalBytes);
  expect(usage.images).toEqual([]);
});

test("all parts add up to what du says: shared, sparse, linked, half made, of containers", async () => {
  const one = await place.addImage([1, 2]);
  const two = await place.addImage([2, 3]);
  await place.addImage([4]);
  await place.content.setName("localhost/a:1", one.manifest);
  await place.content.setName("localhost/b:1", two.manifest);
  const layers = join(place.root, "layers");
  const folder = join(layers, `sha256-${hexOf(diffIdOf(1))}`);
  mkdirSync(join(folder, "fs", "a"), { recursive: true });
  writeFileSync(join(folder, "fs", "a", "file"), new Uint8Array(100_000));
  linkSync(join(folder, "fs", "a", "file"), join(folder, "fs", "again"));
  writeFileSync(join(layers, `sha256-${hexOf(diffIdOf(2))}.erofs`), "x");
  truncateSync(join(layers, `sha256-${hexOf(diffIdOf(2))}.erofs`), 1e9);
  writeFileSync(join(place.root, "images", `sha256-${hexOf(two.manifest.digest)}.x.json`), "{}");
  writeFileSync(join(place.root, "staging", "half"), new Uint8Array(30_000));
  const container = join(place.root, "containers", "c1");
  mkdirSync(join(container, "upper"), { recursive: true });
  writeFileSync(join(container, "upper", "data"), new Uint8Array(70_000));
  const fd = openSync(container, "r");
  noteContainerImage(fd, two.manifest.digest);
  close(fd);
  const usage = diskUsage(place.reopen());
  expect(usage.totalBytes).toBe(du());
  expect(usage.blobs.count).toBe(10);
  expect(usage.layers).toEqual({
    count: 2,
    bytes: du(layers) - du(join(place.root, "blobs", "sha512")),
  });
  expect(usage.records.count).toBe(1);
  expect(usage.containers).toEqual({ count: 1, bytes: du(container) });
  const [first, second] = usage.images;
  expect(first?.containers).toEqual([]);
  expect(second?.containers).toEqual(["c1"]);
  // The layer of seed 2 and its layer file are shared.
  const [, blob = diffIdOf(0)] = one.layers.map(({ digest }) => digest);
  const layerFile = join(layers, `sha256-${hexOf(diffIdOf(2))}.erofs`);
  const shared = du(place.content.blobPath(blob)) + du(layerFile);
  expect(first?.bytes).toBe((first?.uniqueBytes ?? 0) + shared);
  expect(second?.bytes).toBe((second?.uniqueBytes ?? 0) + shared);
  const inImages = usage.blobs.bytes + usage.layers.bytes + usage.records.bytes;
  expect(usage.reclaimableBytes).toBe(inImages - (second?.bytes ?? 0));
});
