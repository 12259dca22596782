import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { TestLayout } from "../../test/fixtures/image-layout.ts";
import { archive } from "../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../test/fixtures/unpacked-layers.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../oci/media-types.ts";
import { bringIn } from "./bring-in.ts";
import type { BringInOptions } from "./bring-in-request.ts";
import { checkStore } from "./content/check.ts";
import { collectGarbage } from "./content/collect-garbage.ts";
import { ContentStore } from "./content/content-store.ts";
import type { ImageEvent, LayerPhase } from "./image-event.ts";
import { LayoutSource } from "./layout-source.ts";
import type { ErofsRoot, ImageRecord } from "./record.ts";
import { DEFAULT_UNPACK_LIMITS } from "./unpack/limits.ts";

const PLATFORM = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };

let folder = "";
let layout: TestLayout;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-erofs-in-"));
  layout = new TestLayout(join(folder, "layout"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function layerOf(name: string): Buffer {
  return archive({ name, data: Buffer.alloc(10_000, name) });
}

type Packing = "gzip" | "zstd" | "none";

function pack(content: Buffer, packing: Packing): Descriptor {
  switch (packing) {
    case "gzip":
      return layout.addBlob(gzipSync(content), OCI_LAYER_GZIP);
    case "zstd":
      return layout.addBlob(zstdCompressSync(content), OCI_LAYER_ZSTD);
    case "none":
      return layout.addBlob(content, OCI_LAYER);
  }
}

function imageOf(layers: readonly (readonly [content: Buffer, packing: Packing])[]): Descriptor {
  const diffIds = layers.map(([content]) => digestOf(content));
  const image = { ...PLATFORM, rootfs: { type: "layers", diff_ids: diffIds } };
  const blobs = layers.map(([content, packing]) => pack(content, packing));
  return layout.addManifest(layout.addDocument(image, OCI_CONFIG), blobs);
}

interface Outcome {
  readonly record: ImageRecord;
  readonly root: ErofsRoot;
  readonly events: readonly ImageEvent[];
}

async function bring(top: Descriptor, options: Partial<BringInOptions> = {}): Promise<Outcome> {
  const events: ImageEvent[] = [];
  const onEvent = (event: ImageEvent): void => {
    events.push(event);
  };
  using store = new ContentStore(join(folder, "store"));
  const chosen = { platform: PLATFORM, format: "erofs", onEvent, ...options } as const;
  using brought = await bringIn(store, new LayoutSource(layout.folder), top, chosen);
  await store.setName("localhost/test:latest", top);
  const record = brought.manifests[0]?.record;
  if (record?.root.format !== "erofs") {
    throw new Error("there is no record of an EROFS image");
  }
  return { record, root: record.root, events };
}

async function bringDirectory(top: Descriptor): Promise<void> {
  using store = new ContentStore(join(folder, "store"));
  const options = { platform: PLATFORM, format: "directory" } as const;
  using _brought = await bringIn(store, new LayoutSource(layout.folder), top, options);
}

function stored(part: string): string[] {
  return readdirSync(join(folder, "store", part)).sort();
}

function phasesOf(events: readonly ImageEvent[], { digest }: Descriptor): LayerPhase[] {
  const phases = events.flatMap((each) =>
    each.kind === "layer" && each.digest === digest ? [each.phase] : [],
  );
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

const fileOf = (content: Buffer): string => `${digestOf(content).replace(":", "-")}.erofs`;

describe("what is made", () => {
  test("of one compressed layer: its layer file, which is the image", async () => {
    const layer = layerOf("a");
    const { root } = await bring(imageOf([[layer, "gzip"]]));
    expect(root).toMatchObject({ image: `layers/${fileOf(layer)}`, devices: [] });
    expect(stored("layers")).toEqual([fileOf(layer)]);
    expect(stored("staging")).toEqual([]);
  });

  test("of several: layer files, uncompressed blobs as they are, and a merged image", async () => {
    const [one, two, three] = [layerOf("a"), layerOf("b"), layerOf("c")] as const;
    const { root } = await bring(
      imageOf([
        [one, "gzip"],
        [two, "none"],
        [three, "zstd"],
        [one, "gzip"],
      ]),
    );
    const blob = `blobs/sha256/${digestOf(two).slice("sha256:".length)}`;
    const [first, last] = [`layers/${fileOf(one)}`, `layers/${fileOf(three)}`];
    expect(root.devices).toEqual([first, blob, last, first]);
    expect(root.image).toMatch(/^layers\/sha256-[0-9a-f]{64}-[0-9a-f]{16}\.merged\.erofs$/);
    expect(stored("layers")).toHaveLength(3);
  });

  test("the same layers in other packings are another merged image of the same files", async () => {
    const layers = [layerOf("a"), layerOf("b")] as const;
    const one = await bring(
      imageOf([
        [layers[0], "gzip"],
        [layers[1], "none"],
      ]),
    );
    const two = await bring(
      imageOf([
        [layers[0], "zstd"],
        [layers[1], "gzip"],
      ]),
    );
    expect(two.root.devices[0]).toBe(one.root.devices[0] ?? "");
    expect(two.root.key).not.toBe(one.root.key);
    expect(stored("layers")).toHaveLength(4);
  });

  test("of a layer without an end, with a wrong DiffID, of a bomb: nothing", async () => {
    const layer = layerOf("a");
    const limits = { ...DEFAULT_UNPACK_LIMITS, ratio: 2, ratioFreeBytes: 1000 };
    expect(await failureOf(bring(imageOf([[layer, "gzip"]]), { limits }))).toContain("2 times");
    const cut = gzipSync(layer).subarray(0, -20);
    const image = { ...PLATFORM, rootfs: { type: "layers", diff_ids: [digestOf(layer)] } };
    const config = layout.addDocument(image, OCI_CONFIG);
    const endless = layout.addManifest(config, [layout.addBlob(cut, OCI_LAYER_GZIP)]);
    expect(await failureOf(bring(endless))).toContain("decompress a layer in gzip");
    for (const other of [gzipSync(layerOf("b")), layerOf("b")]) {
      const wrong = layout.addManifest(config, [layout.addBlob(other, OCI_LAYER_GZIP)]);
      expect(await failureOf(bring(wrong))).toContain("verify the uncompressed layer sha256:");
    }
    expect([...stored("layers"), ...stored("images"), ...stored("staging")]).toEqual([]);
  });
});

async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OcicatError);
  return String(error);
}

describe("what is there", () => {
  test("is used, and told so", async () => {
    const shared = layerOf("a");
    await bring(imageOf([[shared, "gzip"]]));
    const blob = pack(shared, "gzip");
    const before = statSync(join(folder, "store/layers", fileOf(shared))).ino;
    const { events } = await bring(
      imageOf([
        [shared, "gzip"],
        [layerOf("b"), "gzip"],
      ]),
    );
    expect(phasesOf(events, blob)).toEqual(["exists"]);
    expect(statSync(join(folder, "store/layers", fileOf(shared))).ino).toBe(before);
  });

  test("a layer whose file is gone is made again from its blob", async () => {
    const layer = layerOf("a");
    const top = imageOf([
      [layer, "gzip"],
      [layerOf("b"), "none"],
    ]);
    const first = await bring(top);
    rmSync(join(folder, "store/layers"), { recursive: true });
    rmSync(join(layout.folder, "blobs"), { recursive: true });
    const { root, events } = await bring(top);
    expect(root).toEqual(first.root);
    expect(phasesOf(events, pack2(layer))).toEqual(["unpacking", "done"]);
  });

  /** The descriptor of a gzip blob that is not written. */
  const pack2 = (content: Buffer): Descriptor => {
    const blob = gzipSync(content);
    return { mediaType: OCI_LAYER_GZIP, digest: digestOf(blob), size: blob.length };
  };

  test("folders and layer files live side by side, and the store is sound", async () => {
    const layers = [[layerOf("a"), "gzip"] as const, [layerOf("b"), "zstd"] as const];
    const top = imageOf(layers);
    await bring(top);
    using store = new ContentStore(join(folder, "store"));
    const source = new LayoutSource(layout.folder);
    const options = { platform: PLATFORM, format: "directory" } as const;
    using brought = await bringIn(store, source, top, options);
    expect(brought.manifests[0]?.record?.root.format).toBe("directory");
    expect(stored("layers")).toHaveLength(5);
    expect(await checkStore(store)).toEqual([]);
  });
});

describe('compressed blobs with "drop"', () => {
  const DROP = { compressed: "drop" } as const;

  test("go once the layer file is there; uncompressed ones stay", async () => {
    const [one, two] = [layerOf("a"), layerOf("b")] as const;
    const top = imageOf([
      [one, "gzip"],
      [two, "none"],
    ]);
    await bring(top, DROP);
    const hex = digestOf(two).slice("sha256:".length);
    // The manifest, the configuration, the uncompressed layer.
    expect(stored("blobs/sha256")).toHaveLength(3);
    expect(stored("blobs/sha256")).toContain(hex);
    // Nothing is fetched again.
    rmSync(join(layout.folder, "blobs"), { recursive: true });
    const { events } = await bring(top, DROP);
    expect(events.flatMap((each) => (each.kind === "layer" ? [each.phase] : []))).toEqual([
      "exists",
      "exists",
    ]);
  });

  test("come back when they are to be kept; go when they no longer are", async () => {
    const top = imageOf([[layerOf("a"), "gzip"]]);
    await bring(top, DROP);
    expect(stored("blobs/sha256")).toHaveLength(2);
    await bring(top);
    expect(stored("blobs/sha256")).toHaveLength(3);
    await bring(top, DROP);
    expect(stored("blobs/sha256")).toHaveLength(2);
    using store = new ContentStore(join(folder, "store"));
    expect((await collectGarbage(store)).removed).toEqual([]);
    expect(await checkStore(store)).toEqual([]);
  });

  test("are not needed to unpack a layer into a folder", async () => {
    const top = imageOf([[layerOf("a"), "gzip"]]);
    await bring(top, DROP);
    rmSync(join(layout.folder, "blobs"), { recursive: true });
    using store = new ContentStore(join(folder, "store"));
    const source = new LayoutSource(layout.folder);
    const options = { platform: PLATFORM, format: "directory", ...DROP } as const;
    using brought = await bringIn(store, source, top, options);
    const root = brought.manifests[0]?.record?.root;
    const [layer = ""] = root?.format === "directory" ? root.layers : [];
    expect(existsSync(join(folder, "store/layers", layer, "fs/a"))).toBe(true);
  });
});

test("a blob in the store that was damaged is not made into a layer", async () => {
  const layer = layerOf("a");
  const top = imageOf([[layer, "gzip"]]);
  const { root } = await bring(top);
  rmSync(join(folder, "store", root.image));
  const blob = gzipSync(layer);
  const hex = digestOf(blob).slice("sha256:".length);
  const path = join(folder, "store/blobs/sha256", hex);
  rmSync(path);
  blob[40] = (blob[40] ?? 0) ^ 1;
  writeFileSync(path, blob);
  expect(await failureOf(bring(top))).toMatch(/verify|decompress/);
  expect(stored("layers")).toEqual([]);
});

describe("a blob that is the archive itself", () => {
  /** Its last file is not padded: it can't be a device as it is. */
  const unpadded = (): Buffer => layerOf("a").subarray(0, 512 + 10_000);

  test("which came for a folder gets its layer file, too", async () => {
    const layer = unpadded();
    const top = imageOf([[layer, "none"]]);
    await bringDirectory(top);
    const { root } = await bring(top);
    expect(root).toMatchObject({ image: `layers/${fileOf(layer)}`, devices: [] });
  });

  test("and was damaged in the store: nothing is made of it", async () => {
    const layer = unpadded();
    const top = imageOf([[layer, "none"]]);
    await bringDirectory(top);
    rmSync(join(folder, "store/layers"), { recursive: true });
    mkdirSync(join(folder, "store/layers"));
    const path = join(folder, "store/blobs/sha256", digestOf(layer).slice("sha256:".length));
    rmSync(path);
    layer[1000] = (layer[1000] ?? 0) ^ 1;
    writeFileSync(path, layer);
    for (const attempt of [bringDirectory, bring]) {
      expect(await failureOf(attempt(top))).toContain("verify the blob sha256:");
    }
    expect(stored("layers")).toEqual([]);
  });

  test("only by the digest of its compressed form: nothing is made of it", async () => {
    const blob = gzipSync(unpadded());
    const image = { ...PLATFORM, rootfs: { type: "layers", diff_ids: [digestOf(blob)] } };
    const config = layout.addDocument(image, OCI_CONFIG);
    const top = layout.addManifest(config, [layout.addBlob(blob, OCI_LAYER_GZIP)]);
    expect(await failureOf(bring(top))).toContain("verify the uncompressed layer sha256:");
    expect([...stored("layers"), ...stored("images"), ...stored("staging")]).toEqual([]);
  });
});

describe("a program that inflates", () => {
  const path = process.env["PATH"] ?? "";
  afterEach(() => {
    process.env["PATH"] = path;
  });

  test.each([
    ["igzip itself", undefined],
    ["one that gives out something else", "head -c 100000 /dev/zero"],
    ["one that fails", "exit 1"],
  ])("%s: the layer is what its digest says", async (_, script) => {
    if (script !== undefined) {
      const program = join(folder, "igzip");
      writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      process.env["PATH"] = `${folder}:${path}`;
    }
    const large = archive({ name: "large", data: randomBytes(3_000_000) });
    const top = imageOf([[large, "gzip"]]);
    await bring(top);
    // Once more from the blob in the store.
    rmSync(join(folder, "store/layers", fileOf(large)));
    await bring(top);
    using store = new ContentStore(join(folder, "store"));
    expect(await checkStore(store)).toEqual([]);
    expect(stored("layers")).toEqual([fileOf(large)]);
    expect(stored("staging")).toEqual([]);
  });
});
