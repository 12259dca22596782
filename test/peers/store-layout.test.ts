// Other programs read the store as it stands, by the names that it has, and write to it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore } from "../../src/image/content/check.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { listImages } from "../../src/image/content/image-list.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { DOCKER_MANIFEST, OCI_MANIFEST } from "../../src/oci/media-types.ts";
import { decodeManifest } from "../../src/oci/parse/image.ts";
import { decodeText, encodeText } from "../../src/sys/memory.ts";
import { must } from "../../tools/peers/command.ts";
import { busyboxLayout, IMAGE_TAG } from "../../tools/peers/images.ts";

const isMissing = Bun.which("skopeo") === null || Bun.which("umoci") === null;
const REPOSITORY = "docker.io/library/busybox";
const NAME = `${REPOSITORY}:1.36`;
const DOCKER_NAME = `${REPOSITORY}:docker`;

let folder = "";
let root = "";
let image: Descriptor;

/** Takes the image of a layout as it is, blob by blob. */
async function takeImage(store: ContentStore, layout: string): Promise<Descriptor> {
  using source = new ContentStore(layout);
  const descriptor = source.findName(IMAGE_TAG);
  if (descriptor === undefined) {
    throw new Error("the layout has no such tag");
  }
  const content = source.readDocument(descriptor);
  const { config, layers } = decodeManifest(decodeText(content));
  store.writeDocument(source.readDocument(config), config.mediaType);
  for (const layer of layers) {
    const path = source.blobPath(layer.digest);
    const open = (offset: number) => Bun.file(path).slice(offset).stream();
    await store.ingest({ descriptor: layer, open, localPath: path });
  }
  return store.writeDocument(content, descriptor.mediaType);
}

describe.skipIf(isMissing)("skopeo and umoci", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-store-peers-"));
    root = join(folder, "store");
    // A copy: opening a folder as a store adds to it.
    const layout = join(folder, "layout");
    await must(["cp", "-r", await busyboxLayout(), layout]);
    using store = new ContentStore(root);
    image = await takeImage(store, layout);
    await store.setName(NAME, image);
    await store.setName(`${REPOSITORY}@${image.digest}`, image);
    await store.keepNameless(store.writeDocument(store.readDocument(image), image.mediaType));
  }, 300_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("skopeo inspects and copies by the whole name", async () => {
    for (const name of [NAME, `${REPOSITORY}@${image.digest}`]) {
      const inspected = JSON.parse(await must(["skopeo", "inspect", `oci:${root}:${name}`]));
      expect(inspected.Digest).toBe(image.digest);
    }
    const copy = join(folder, "copy");
    await must(["skopeo", "copy", "--preserve-digests", `oci:${root}:${NAME}`, `dir:${copy}`]);
    const { config, layers } = decodeManifest(await Bun.file(join(copy, "manifest.json")).text());
    const expected = [config, ...layers].map(({ digest }) => digest.slice("sha256:".length));
    expect(
      readdirSync(copy)
        .filter((name) => name.length === 64)
        .toSorted(),
    ).toEqual([...new Set(expected)].toSorted());
  });

  test("umoci tells of it", async () => {
    const stat = JSON.parse(await must(["umoci", "stat", "--json", "--image", `${root}:${NAME}`]));
    expect(stat.history.length).toBeGreaterThan(0);
  });

  test("an image of Docker's media types is there under its name, too", async () => {
    const pushed = join(folder, "docker");
    await must(["skopeo", "copy", "--format", "v2s2", `oci:${root}:${NAME}`, `dir:${pushed}`]);
    const text = await Bun.file(join(pushed, "manifest.json")).text();
    using store = new ContentStore(root);
    const docker = store.writeDocument(encodeText(text), DOCKER_MANIFEST);
    await store.setName(DOCKER_NAME, docker);
    expect(store.findName(DOCKER_NAME)?.digest).toBe(docker.digest);
    const source = `oci:${root}:${DOCKER_NAME}`;
    const { Layers } = JSON.parse(await must(["skopeo", "inspect", source]));
    expect(Layers).toEqual(decodeManifest(text).layers.map(({ digest }) => digest));
    const words = ["umoci", "stat", "--json", "--image", `${root}:${DOCKER_NAME}`];
    expect(JSON.parse(await must(words)).history.length).toBeGreaterThan(0);
    // As a name of another program, it leads to what that program has found.
    await must(["skopeo", "copy", source, `oci:${root}:from-docker`]);
    await must(["umoci", "tag", "--image", `${root}:${DOCKER_NAME}`, "tagged-docker"]);
    expect(store.findName("from-docker")?.mediaType).toBe(OCI_MANIFEST);
    expect(store.findName("tagged-docker")?.digest).toBe(docker.digest);
    for (const name of [DOCKER_NAME, "from-docker", "tagged-docker"]) {
      await store.removeName(name);
    }
  });

  test("what skopeo and umoci add is listed, kept, and sound", async () => {
    await must(["skopeo", "copy", `oci:${root}:${NAME}`, `oci:${root}:copied`]);
    await must(["umoci", "tag", "--image", `${root}:copied`, "tagged"]);
    using store = new ContentStore(root);
    await store.setName("localhost/again:1", image);
    await collectGarbage(store);
    const names = listImages(store).flatMap((each) => each.names);
    const own = [NAME, `${REPOSITORY}@${image.digest}`, "localhost/again:1"];
    expect(names.toSorted()).toEqual([...own, "copied", "tagged"].toSorted());
    expect(await checkStore(store)).toEqual([]);
    expect(store.findName("tagged")?.digest).toBe(image.digest);
    // And what they do not touch is as it was.
    const inspected = JSON.parse(await must(["skopeo", "inspect", `oci:${root}:tagged`]));
    expect(inspected.Digest).toBe(image.digest);
  });
});
