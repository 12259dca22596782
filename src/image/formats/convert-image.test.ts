import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { named } from "../../../test/fixtures/image-layout.ts";
import { digestOf } from "../../../test/fixtures/unpacked-layers.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageManifest } from "../../oci/image-spec.ts";
import {
  DOCKER_FOREIGN_LAYER_GZIP,
  DOCKER_INDEX,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_FOREIGN_LAYER_GZIP,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import { decodeIndex, decodeManifest } from "../../oci/parse/image.ts";
import { decodeText } from "../../sys/memory.ts";
import type { ContentStore } from "../content/content-store.ts";
import { BRING_IN, errorOf, HOST, layersOf, TestPlace } from "./archives.fixture.ts";
import { type ConvertOptions, convertImage } from "./convert-image.ts";
import { loadArchive } from "./load-archive.ts";

const LAYERS = layersOf("one", "two");

/** A manifest with annotations of its own and of a layer. */
async function stored(place: TestPlace) {
  const layout = place.layout();
  const plain = layout.addImage({ layers: LAYERS });
  const manifest = JSON.parse(readFileSync(layout.blobPath(plain), "utf8"));
  manifest.annotations = { "org.example.kept": "yes" };
  manifest.layers[0].annotations = { "org.example.layer": "kept" };
  manifest.layers[1].annotations = { "io.github.containers.zstd-chunked.manifest-position": "1" };
  const image = layout.addDocument(manifest, OCI_MANIFEST);
  layout.setIndex([named(image, "localhost/a:1")]);
  const store = place.store();
  const [loaded] = await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
  return { store, image, imageId: loaded?.imageId };
}

function manifestOf(store: ContentStore, descriptor: Descriptor): ImageManifest {
  return decodeManifest(decodeText(store.readDocument(descriptor)));
}

function convert(store: ContentStore, image: Descriptor, options: Partial<ConvertOptions>) {
  return convertImage(store, image, { ...BRING_IN, ...options });
}

describe("the layers' compression", () => {
  test("goes round without changing the image", async () => {
    using place = new TestPlace();
    const { store, image, imageId } = await stored(place);
    const zstd = await convert(store, image, { compression: "zstd", names: ["localhost/b:1"] });
    const none = await convert(store, zstd.descriptor, { compression: "none" });
    const gzip = await convert(store, none.descriptor, { compression: "gzip", level: 9 });
    const again = await convert(store, image, { compression: "gzip", level: 9 });
    expect(gzip.descriptor).toEqual(again.descriptor);
    for (const [made, mediaType] of [
      [zstd, OCI_LAYER_ZSTD],
      [none, OCI_LAYER],
      [gzip, OCI_LAYER_GZIP],
    ] as const) {
      const manifest = manifestOf(store, made.descriptor);
      expect(made.imageId).toBe(imageId ?? "sha256:");
      expect(manifest.config).toEqual(manifestOf(store, image).config);
      expect(manifest.layers.map((layer) => layer.mediaType)).toEqual([mediaType, mediaType]);
      expect(manifest.annotations).toEqual({ "org.example.kept": "yes" });
      expect(manifest.layers.map(({ annotations }) => annotations)).toEqual([
        { "org.example.layer": "kept" },
        undefined,
      ]);
    }
    const digests = manifestOf(store, none.descriptor).layers.map(({ digest }) => digest);
    expect(digests).toEqual(LAYERS.map(digestOf));
    expect(store.findName("localhost/b:1")).toEqual(zstd.descriptor);
    const staging = readdirSync(`${store.root}/staging`);
    expect(staging.filter((name) => !name.startsWith("lease-"))).toEqual([]);
  });

  test("that is there already stays as it is", async () => {
    using place = new TestPlace();
    const { store, image } = await stored(place);
    const same = await convert(store, image, { compression: "gzip", names: ["localhost/c:1"] });
    expect(same.descriptor.digest).toBe(image.digest);
    expect(store.findName("localhost/c:1")?.digest).toBe(image.digest);
  });

  test("gives the same bytes each time", async () => {
    using place = new TestPlace();
    const { store, image } = await stored(place);
    const none = await convert(store, image, { compression: "none" });
    const made = await convert(store, none.descriptor, { compression: "gzip" });
    const again = await convert(store, none.descriptor, { compression: "gzip" });
    expect(made.descriptor).toEqual(again.descriptor);
    const [layer] = manifestOf(store, made.descriptor).layers;
    const content = readFileSync(store.blobPath(layer?.digest ?? "sha256:"));
    // No name, no time.
    expect([...content.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  });
});

describe("media types", () => {
  test("Docker's and back", async () => {
    using place = new TestPlace();
    const { store, image } = await stored(place);
    const docker = await convert(store, image, { mediaTypes: "docker" });
    const manifest = manifestOf(store, docker.descriptor);
    expect(docker.descriptor.mediaType).toBe(DOCKER_MANIFEST);
    expect(manifest.mediaType).toBe(DOCKER_MANIFEST);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
      DOCKER_LAYER_GZIP,
      DOCKER_LAYER_GZIP,
    ]);
    const oci = await convert(store, docker.descriptor, { mediaTypes: "oci" });
    expect(manifestOf(store, oci.descriptor)).toEqual(manifestOf(store, image));
  });

  test("of an index, whose platforms keep what is said of them", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    const platforms = [HOST, { os: "linux", architecture: "s390x" }];
    const children = platforms.map((platform) => ({
      ...layout.addImage({ layers: layersOf(platform.architecture), platform }),
      platform,
    }));
    layout.setIndex([named(layout.addIndex(children), "localhost/a:1")]);
    const store = place.store();
    const input = { kind: "path", path: layout.folder } as const;
    const [loaded] = await loadArchive(store, input, { ...BRING_IN, allPlatforms: true });
    if (loaded === undefined) {
      throw new Error("nothing was loaded");
    }
    const { descriptor } = await convert(store, loaded.descriptor, { mediaTypes: "docker" });
    expect(descriptor.mediaType).toBe(DOCKER_INDEX);
    const index = decodeIndex(decodeText(store.readDocument(descriptor)));
    expect(index.manifests.map(({ platform }) => platform)).toEqual(platforms);
    expect(index.manifests.map(({ mediaType }) => mediaType)).toEqual([
      DOCKER_MANIFEST,
      DOCKER_MANIFEST,
    ]);
    for (const child of index.manifests) {
      expect(store.blobSize(manifestOf(store, child).layers[0]?.digest ?? "sha256:")).toBeDefined();
    }
  });

  test("Docker's have no zstd", async () => {
    using place = new TestPlace();
    const { store, image } = await stored(place);
    const options = { mediaTypes: "docker", compression: "zstd" } as const;
    expect(await errorOf(convert(store, image, options))).toContain("media types have none for it");
  });
});

test("what is not a container's image stays as it is in an index that is converted", async () => {
  using place = new TestPlace();
  const layout = place.layout();
  const config = layout.addDocument(
    { ...HOST, rootfs: { type: "layers", diff_ids: [] } },
    OCI_CONFIG,
  );
  const note = { ...layout.addBlob("{}", "application/vnd.in-toto+json") };
  const artifact = layout.addDocument(
    {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: layout.addBlob("{}", "application/vnd.oci.empty.v1+json"),
      layers: [note],
    },
    OCI_MANIFEST,
  );
  const image = { ...layout.addManifest(config, []), platform: HOST };
  const real = { ...layout.addImage({ layers: LAYERS }), platform: HOST };
  layout.setIndex([named(layout.addIndex([real, artifact, image]), "localhost/a:1")]);
  const store = place.store();
  const input = { kind: "path", path: layout.folder } as const;
  const [loaded] = await loadArchive(store, input, { ...BRING_IN, allPlatforms: true });
  const top = loaded?.descriptor ?? real;
  const { descriptor } = await convert(store, top, { compression: "zstd" });
  const index = decodeIndex(decodeText(store.readDocument(descriptor)));
  expect(index.manifests.map(({ digest }) => digest)).toEqual([
    expect.not.stringContaining(real.digest),
    artifact.digest,
    image.digest,
  ]);
});

test.each([
  [{ compression: "gzip", level: 10 }, "levels of gzip go from 1 to 9"],
  [{ compression: "zstd", level: 0 }, "levels of zstd go from 1 to 19"],
  [{ compression: "none", level: 1 }, "without compression there are no levels"],
] as const)("%j is refused", async (options, reason) => {
  using place = new TestPlace();
  const { store, image } = await stored(place);
  expect(await errorOf(convert(store, image, options))).toContain(reason);
});

test("a layer that may not be passed on stays one, with its bytes and its addresses", async () => {
  using place = new TestPlace();
  const layout = place.layout();
  const plain = layout.addImage({ layers: LAYERS });
  const manifest = JSON.parse(readFileSync(layout.blobPath(plain), "utf8"));
  const urls = ["https://nowhere.example/layer"];
  manifest.layers[0] = { ...manifest.layers[0], mediaType: OCI_FOREIGN_LAYER_GZIP, urls };
  const image = layout.addDocument(manifest, OCI_MANIFEST);
  layout.setIndex([named(image, "localhost/a:1")]);
  const store = place.store();
  await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
  const { descriptor } = await convert(store, image, { compression: "none", mediaTypes: "docker" });
  const [foreign, other] = manifestOf(store, descriptor).layers;
  expect(foreign).toEqual({ ...manifest.layers[0], mediaType: DOCKER_FOREIGN_LAYER_GZIP });
  expect(other?.mediaType).toBe(DOCKER_LAYER);
});
