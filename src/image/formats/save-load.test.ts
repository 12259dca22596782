import { describe, expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { named } from "../../../test/fixtures/image-layout.ts";
import { seededRandom } from "../../../test/fixtures/random.ts";
import { digestOf } from "../../../test/fixtures/unpacked-layers.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import type { ContentStore } from "../content/content-store.ts";
import { BRING_IN, errorOf, HOST, layersOf, TestPlace } from "./archives.fixture.ts";
import { convertImage } from "./convert-image.ts";
import { loadArchive } from "./load-archive.ts";
import { saveArchive } from "./save-archive.ts";
import type { SaveFormat } from "./save-plan.ts";

const NAME = "docker.io/library/app:1";

/** A store with one image of two layers. */
async function storeWithImage(place: TestPlace, name = "store"): Promise<ContentStore> {
  const layout = place.layout(`${name}-layout`);
  const image = layout.addImage({ layers: layersOf("one", "two"), config: { Cmd: ["one"] } });
  layout.setIndex([named(image, NAME)]);
  const store = place.store(name);
  await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
  return store;
}

function imageOf(store: ContentStore, name = NAME): Descriptor {
  const descriptor = store.findName(name);
  if (descriptor === undefined) {
    throw new Error(`no image ${name}`);
  }
  return descriptor;
}

/** How many names each of the store's files for these blobs has. */
function linksOf(store: ContentStore, blobs: readonly Descriptor[]): readonly number[] {
  return blobs.map(({ digest }) => statSync(store.blobPath(digest)).nlink);
}

function save(store: ContentStore, path: string, format: SaveFormat, names = [NAME]) {
  const images = [{ descriptor: imageOf(store), names }];
  return saveArchive(store, images, { kind: "path", path }, { format, platform: HOST });
}

describe("an image that is saved and loaded again", () => {
  test.each(["docker-archive", "oci-archive", "oci-dir"] as const)(
    "%s: is byte for byte the same",
    async (format) => {
      using place = new TestPlace();
      const store = await storeWithImage(place);
      const saved = place.path("saved");
      await save(store, saved, format);
      const other = place.store("other");
      const loaded = await loadArchive(other, { kind: "path", path: saved }, BRING_IN);
      expect(loaded).toHaveLength(1);
      expect(loaded[0]?.names).toEqual([NAME]);
      expect(other.names()).toEqual(store.names());
      expect(blobs(other)).toEqual(blobs(store));
      expect(leftIn(other)).toEqual([]);
    },
  );

  test.each(["docker-archive", "oci-archive"] as const)(
    "%s: gives the same bytes each time, for the user alone",
    async (format) => {
      using place = new TestPlace();
      const store = await storeWithImage(place);
      await save(store, place.path("one"), format);
      await save(store, place.path("other"), format);
      const one = readFileSync(place.path("one"));
      expect(one.equals(readFileSync(place.path("other")))).toBe(true);
      expect(statSync(place.path("one")).mode & 0o777).toBe(0o600);
      expect(readdirSync(place.folder).sort()).toEqual(["one", "other", "store", "store-layout"]);
    },
  );

  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const)("compressed with %s", async (_, compress) => {
    expect(await loadedCompressed(compress)).toBe(true);
  });

  test.skipIf(Bun.which("xz") === null)("compressed with xz", async () => {
    expect(await loadedCompressed((content) => pack("xz", content))).toBe(true);
  });

  test.skipIf(Bun.which("bzip2") === null)("compressed with bzip2", async () => {
    expect(await loadedCompressed((content) => pack("bzip2", content))).toBe(true);
  });

  test("through a pipe, both ways", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    await save(store, place.path("saved"), "docker-archive");
    const other = place.store("other");
    const cat = Bun.spawn(["cat", place.path("saved")], { stdout: "pipe" });
    const content = await new Response(cat.stdout).arrayBuffer();
    const child = Bun.spawn({
      cmd: [process.execPath, "-e", loadProgram(place.path("other"))],
      stdin: new Blob([content]),
      stdout: "pipe",
    });
    expect(await new Response(child.stdout).text()).toBe(`${NAME}\n`);
    expect(await child.exited).toBe(0);
    expect(other.names()).toEqual(store.names());
  });

  test("the blobs of a folder are shared where they can be, those of an archive copied", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    const layer = layersOf("one")[0] ?? Buffer.alloc(0);
    const blobs = [layout.addBlob(gzipSync(layer), OCI_LAYER_GZIP)];
    const config = { ...HOST, rootfs: { type: "layers", diff_ids: [digestOf(layer)] } };
    const image = layout.addManifest(layout.addDocument(config, OCI_CONFIG), blobs);
    layout.setIndex([named(image, NAME)]);
    const store = place.store("store");
    await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
    expect(linksOf(store, blobs)).toEqual([2]);
    await save(store, place.path("saved"), "oci-archive");
    const other = place.store("other");
    await loadArchive(other, { kind: "path", path: place.path("saved") }, BRING_IN);
    expect(linksOf(other, blobs)).toEqual([1]);
  });

  test("several images share what they have in common", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    const [base, one, two] = layersOf("base", "one", "two");
    if (base === undefined || one === undefined || two === undefined) {
      throw new Error("no layers");
    }
    const images = [one, two].map((layer) => layout.addImage({ layers: [base, layer] }));
    layout.setIndex(images.map((image, index) => named(image, `example.org/app:${index}`)));
    const store = place.store();
    await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
    const saved = place.path("saved.tar");
    const chosen = store.names().map(({ descriptor, name }) => ({
      descriptor,
      names: [name ?? "", `${name}-again`],
    }));
    const output = { kind: "path", path: saved } as const;
    await saveArchive(store, chosen, output, { format: "docker-archive", platform: HOST });
    const other = place.store("other");
    const loaded = await loadArchive(other, { kind: "path", path: saved }, BRING_IN);
    expect(loaded.map(({ names }) => names)).toEqual(chosen.map(({ names }) => names));
    expect(blobs(other)).toEqual(blobs(store));
    expect(blobs(store)).toHaveLength(3 + 2 * 2);
  });

  test("several platforms stay one index, what is not there stays away", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    const [one, two] = ["amd64", "arm64"].map((architecture) => {
      const platform = { os: "linux", architecture };
      return { ...layout.addImage({ layers: layersOf(architecture), platform }), platform };
    });
    if (one === undefined || two === undefined) {
      throw new Error("no images");
    }
    layout.setIndex([named(layout.addIndex([one, two]), NAME)]);
    const store = place.store();
    await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
    expect(imageOf(store).mediaType).toBe(OCI_INDEX);
    await save(store, place.path("saved"), "oci-archive");
    const other = place.store("other");
    await loadArchive(other, { kind: "path", path: place.path("saved") }, BRING_IN);
    expect(other.names()).toEqual(store.names());
    expect(blobs(other)).toEqual(blobs(store));
    const all = { ...BRING_IN, allPlatforms: true };
    const input = { kind: "path", path: place.path("saved") } as const;
    expect(await errorOf(loadArchive(place.store("third"), input, all))).toContain("it has no");
  });

  test("without a name", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    await save(store, place.path("saved"), "docker-archive", []);
    const other = place.store("other");
    await loadArchive(other, { kind: "path", path: place.path("saved") }, BRING_IN);
    const [first] = other.names();
    expect(first).toEqual({ name: undefined, descriptor: imageOf(store) });
  });
});

/** Whether a compressed archive gives the same images. */
async function loadedCompressed(compress: (content: Buffer) => Buffer): Promise<boolean> {
  using place = new TestPlace();
  const store = await storeWithImage(place);
  await save(store, place.path("saved"), "docker-archive");
  const path = place.write("compressed", compress(readFileSync(place.path("saved"))));
  const other = place.store("other");
  await loadArchive(other, { kind: "path", path }, BRING_IN);
  return Bun.deepEquals(other.names(), store.names());
}

function blobs(store: ContentStore): string[] {
  return readdirSync(`${store.root}/blobs/sha256`).sort();
}

/** The store's own lease lives as long as the store is open. */
function leftIn(store: ContentStore): string[] {
  return readdirSync(`${store.root}/staging`).filter((name) => !name.startsWith("lease-"));
}

function pack(program: string, content: Buffer): Buffer {
  const { stdout } = Bun.spawnSync([program, "-c"], { stdin: content });
  return stdout;
}

function loadProgram(root: string): string {
  return `
    const { ContentStore } = await import("${import.meta.dir}/../content/content-store.ts");
    const { loadArchive } = await import("${import.meta.dir}/load-archive.ts");
    const input = { kind: "descriptor", fd: 0, description: "standard input" };
    using store = new ContentStore(${JSON.stringify(root)});
    const loaded = await loadArchive(store, input, ${JSON.stringify(BRING_IN)});
    console.log(loaded.flatMap(({ names }) => names).join());
  `;
}

describe("layers that can't be saved as they are", () => {
  test("zstd in a Docker archive becomes uncompressed; an OCI archive keeps it", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    const [layer = Buffer.alloc(0)] = layersOf("one");
    const config = { ...HOST, rootfs: { type: "layers", diff_ids: [digestOf(layer)] } };
    const image = layout.addManifest(layout.addDocument(config, OCI_CONFIG), [
      layout.addBlob(zstdCompressSync(layer), OCI_LAYER_ZSTD),
    ]);
    layout.setIndex([named(image, NAME)]);
    const store = place.store();
    await loadArchive(store, { kind: "path", path: layout.folder }, BRING_IN);
    const images = [{ descriptor: imageOf(store), names: [NAME] }];
    for (const format of ["docker-archive", "oci-archive"] as const) {
      const output = { kind: "path", path: place.path(format) } as const;
      const { onEvent } = place;
      await saveArchive(store, images, output, { format, platform: HOST, onEvent });
    }
    const notes = place.events.filter(({ kind }) => kind === "note");
    expect(notes).toHaveLength(1);
    const docker = await loadedFrom(place, "docker-archive");
    const oci = await loadedFrom(place, "oci-archive");
    expect(oci.descriptor).toEqual(image);
    expect(docker.descriptor.digest).not.toBe(image.digest);
    expect(docker.imageId).toBe(oci.imageId as Digest);
  });

  test("Docker's media types stay in a Docker archive, and become OCI's in a layout", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    layout.setIndex([named(layout.addImage({ layers: layersOf("one", "two") }), NAME)]);
    const store = place.store();
    const input = { kind: "path", path: layout.folder } as const;
    const [oci] = await loadArchive(store, input, BRING_IN);
    const source = oci?.descriptor ?? imageOf(store);
    const docker = await convertImage(store, source, {
      ...BRING_IN,
      mediaTypes: "docker",
      names: [NAME],
    });
    for (const format of ["docker-archive", "oci-archive"] as const) {
      await save(store, place.path(format), format);
    }
    expect((await loadedFrom(place, "docker-archive")).descriptor).toEqual(docker.descriptor);
    expect((await loadedFrom(place, "oci-archive")).descriptor.mediaType).toBe(OCI_MANIFEST);
    expect((await loadedFrom(place, "oci-archive")).imageId).toBe(docker.imageId as Digest);
  });

  test("blobs that the store has dropped are compressed again, from the layer files", async () => {
    using place = new TestPlace();
    const layout = place.layout();
    layout.setIndex([named(layout.addImage({ layers: layersOf("one", "two") }), NAME)]);
    const store = place.store();
    const dropping = { ...BRING_IN, format: "erofs", compressed: "drop" } as const;
    const input = { kind: "path", path: layout.folder } as const;
    const [image] = await loadArchive(store, input, dropping);
    expect(blobs(store)).toHaveLength(2);
    await save(store, place.path("saved"), "docker-archive");
    const other = await loadedFrom(place, "saved");
    expect(other.imageId).toBe(image?.imageId as Digest);
    expect(other.descriptor.digest).not.toBe(image?.descriptor.digest as Digest);
    expect(other.names).toEqual([NAME]);
    const saved = place.store("saved-store");
    const { layers } = JSON.parse(readFileSync(saved.blobPath(other.descriptor.digest), "utf8"));
    expect(layers.map(typeOf)).toEqual([OCI_LAYER_GZIP, OCI_LAYER_GZIP]);
  });

  test("a blob that is gone can't be saved when nothing else has its content", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    const { digest } = imageOf(store);
    const manifest = JSON.parse(readFileSync(store.blobPath(digest), "utf8"));
    rmSync(store.blobPath(manifest.layers[0].digest));
    expect(await errorOf(save(store, place.path("saved"), "docker-archive"))).toBe(
      `read the layer ${manifest.layers[0].digest}: the store does not have it`,
    );
    expect(readdirSync(place.folder)).not.toContain("saved");
  });
});

async function loadedFrom(place: TestPlace, name: string) {
  const store = place.store(`${name}-store`);
  const input = { kind: "path", path: place.path(name) } as const;
  const [loaded] = await loadArchive(store, input, BRING_IN);
  if (loaded === undefined) {
    throw new Error("nothing was loaded");
  }
  return loaded;
}

describe("where an archive goes", () => {
  test("a failure leaves what was there", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    const path = place.write("saved", "precious");
    const signal = AbortSignal.abort();
    const images = [{ descriptor: imageOf(store), names: [] }];
    const options = { format: "oci-archive", platform: HOST, signal } as const;
    const error = await errorOf(saveArchive(store, images, { kind: "path", path }, options));
    expect(error).toContain("cancelled");
    expect(readFileSync(path, "utf8")).toBe("precious");
    expect(readdirSync(place.folder)).toHaveLength(3);
  });

  test("a folder that is not empty is left alone", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    const error = await errorOf(save(store, place.path("store-layout"), "oci-dir"));
    expect(error).toEndWith("the folder is not empty");
    expect(readdirSync(place.folder).sort()).toEqual(["store", "store-layout"]);
  });

  test("docker-dir has a manifest and blobs", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    await save(store, place.path("saved"), "docker-dir");
    const manifest = JSON.parse(readFileSync(place.path("saved/manifest.json"), "utf8"));
    const digests: string[] = [manifest.config.digest, ...manifest.layers.map(digestIn)];
    expect(readdirSync(place.path("saved")).sort()).toEqual(
      ["manifest.json", "version", ...digests.map((digest) => digest.slice(7))].sort(),
    );
    const other = place.store("other");
    const input = { kind: "path", path: place.path("saved") } as const;
    const [loaded] = await loadArchive(other, input, BRING_IN);
    expect(loaded).toMatchObject({ imageId: manifest.config.digest, names: [] });
  });

  test("a link to a file stays one; a folder that is not there is named", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    place.write("target", "old");
    symlinkSync("target", place.path("link"));
    await save(store, place.path("link"), "oci-archive");
    expect(lstatSync(place.path("link")).isSymbolicLink()).toBe(true);
    expect(statSync(place.path("target")).size).toBeGreaterThan(3000);
    const path = place.path("missing/file");
    for (const format of ["oci-archive", "oci-dir"] as const) {
      expect(await errorOf(save(store, path, format))).toContain(`"${path}": no such file`);
    }
  });

  test("a device is written to, not replaced", async () => {
    using place = new TestPlace();
    const store = await storeWithImage(place);
    await save(store, "/dev/null", "oci-archive");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

function typeOf({ mediaType }: { readonly mediaType: string }): string {
  return mediaType;
}

function digestIn({ digest }: { readonly digest: string }): string {
  return digest;
}

test("an archive that ends early, or has other bytes, is refused or gives the same image", async () => {
  using place = new TestPlace();
  const store = await storeWithImage(place);
  await save(store, place.path("saved"), "oci-archive");
  const whole = readFileSync(place.path("saved"));
  const random = seededRandom(7);
  let refused = 0;
  for (let round = 0; round < 60; round += 1) {
    const damaged = Buffer.from(whole);
    const at = Math.floor(random() * whole.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    const content = round % 2 === 0 ? damaged : whole.subarray(0, at);
    const path = place.write("damaged", content);
    const other = place.store(`other-${round}`);
    const error = await errorOf(loadArchive(other, { kind: "path", path }, BRING_IN));
    refused += error === "no error" ? 0 : 1;
    const isSame = other
      .names()
      .every(({ descriptor }) => descriptor.digest === imageOf(store).digest);
    expect(isSame).toBe(true);
    expect(error).not.toContain("undefined");
  }
  expect(refused).toBeGreaterThan(30);
});
