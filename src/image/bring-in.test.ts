import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { named, TestLayout } from "../../test/fixtures/image-layout.ts";
import { archive } from "../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../test/fixtures/unpacked-layers.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../oci/media-types.ts";
import { bringIn } from "./bring-in.ts";
import type { BringInOptions } from "./bring-in-request.ts";
import { ContentStore } from "./content/content-store.ts";
import type { ImageEvent, LayerPhase } from "./image-event.ts";
import type { ImageSource } from "./image-source.ts";
import { LayoutSource } from "./layout-source.ts";
import { findRecord, recordName } from "./record.ts";

const PLATFORM = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
const OWNERSHIP = process.geteuid?.() === 0 ? "keep" : "single";

let folder = "";
let layout: TestLayout;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-bring-"));
  layout = new TestLayout(join(folder, "layout"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function layerOf(name: string, size = 10_000): Buffer {
  return archive({ name, data: Buffer.alloc(size, name) });
}

interface Outcome {
  readonly events: readonly ImageEvent[];
  readonly manifests: readonly { readonly digest: string; readonly isRunnable: boolean }[];
}

const DIRECTORY: BringInOptions = { platform: PLATFORM, format: "directory" };

async function bring(
  top: Descriptor,
  options: Partial<BringInOptions> = {},
  source: ImageSource = new LayoutSource(layout.folder),
): Promise<Outcome> {
  const events: ImageEvent[] = [];
  const onEvent = (event: ImageEvent): void => {
    events.push(event);
  };
  using store = new ContentStore(join(folder, "store"));
  using brought = await bringIn(store, source, top, { ...DIRECTORY, onEvent, ...options });
  const manifests = brought.manifests.map(({ descriptor, record }) => ({
    digest: descriptor.digest,
    isRunnable: record !== undefined,
  }));
  return { events, manifests };
}

async function failure(promise: Promise<unknown>): Promise<OcicatError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OcicatError);
  return error as OcicatError;
}

function stored(part: string): string[] {
  const path = join(folder, "store", part);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

function phasesOf(events: readonly ImageEvent[], digest: string): LayerPhase[] {
  const phases = events.flatMap((each) =>
    each.kind === "layer" && each.digest === digest ? [each.phase] : [],
  );
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

describe("documents", () => {
  test("an index: the platform's manifest alone, or all of them", async () => {
    const own = layout.addImage({ layers: [layerOf("own")] });
    const platform = { os: "linux", architecture: "s390x" };
    const other = layout.addImage({ layers: [layerOf("other")], platform });
    const index = layout.addIndex([
      { ...other, platform },
      { ...own, platform: PLATFORM },
    ]);
    const one = await bring(index);
    expect(one.manifests).toEqual([{ digest: own.digest, isRunnable: true }]);
    expect(stored("blobs/sha256")).toHaveLength(4);
    const all = await bring(index, { allPlatforms: true });
    expect(all.manifests).toEqual([
      { digest: own.digest, isRunnable: true },
      { digest: other.digest, isRunnable: false },
    ]);
    expect(stored("blobs/sha256")).toHaveLength(7);
    expect(stored("layers")).toHaveLength(1);
  });

  test("the record is there under the digests of the index and of the manifest", async () => {
    const image = layout.addImage({ layers: [layerOf("a")], config: { Cmd: ["x"] } });
    const index = layout.addIndex([{ ...image, platform: PLATFORM }]);
    await bring(index);
    for (const { digest } of [index, image]) {
      const name = recordName(digest, PLATFORM, OWNERSHIP);
      const record = findRecord(join(folder, "store"), name);
      expect(record?.manifest).toBe(image.digest);
      expect(record?.image.config).toEqual({ Cmd: ["x"] });
      expect(record?.root.format).toBe("directory");
    }
  });

  test("an artifact is stored, and cannot be run", async () => {
    const config = layout.addBlob("{}", "application/vnd.example+json");
    const data = layout.addBlob("data", "application/vnd.example.data");
    const artifact = layout.addManifest(config, [data]);
    expect((await bring(artifact)).manifests).toEqual([
      { digest: artifact.digest, isRunnable: false },
    ]);
    expect(stored("blobs/sha256")).toHaveLength(3);
    expect(stored("layers")).toEqual([]);
  });

  test("a wrong digest, a wrong size, a platform that is not there", async () => {
    const image = layout.addImage({ layers: [layerOf("a")] });
    const wrongSize = { ...image, size: image.size + 1 };
    expect((await failure(bring(wrongSize))).reason).toContain("instead of");
    writeFileSync(layout.blobPath(image), readFileSync(layout.blobPath(image)).fill(32, 0, 1));
    expect((await failure(bring(image))).reason).toContain("its digest is");
    const index = layout.addIndex([{ ...image, platform: { os: "linux", architecture: "s390x" } }]);
    expect((await failure(bring(index))).code).toBe("not-found");
    expect(stored("staging")).toEqual([]);
  });
});

describe("layers", () => {
  test("gzip, zstd and uncompressed ones, the same one twice, none at all", async () => {
    const archives = [layerOf("a"), layerOf("b"), layerOf("c"), layerOf("a")] as const;
    const [first, second, third] = archives;
    const image = { ...PLATFORM, rootfs: { type: "layers", diff_ids: archives.map(digestOf) } };
    const gzip = layout.addBlob(gzipSync(first), OCI_LAYER_GZIP);
    const manifest = layout.addManifest(layout.addDocument(image, OCI_CONFIG), [
      gzip,
      layout.addBlob(zstdCompressSync(second), OCI_LAYER_ZSTD),
      layout.addBlob(third, OCI_LAYER),
      gzip,
    ]);
    const { events } = await bring(manifest);
    expect(stored("layers")).toHaveLength(4);
    expect(phasesOf(events, gzip.digest).slice(0, 3)).toEqual(["downloading", "unpacking", "done"]);
    const empty = await bring(layout.addImage({ layers: [] }));
    expect(empty.manifests[0]?.isRunnable).toBe(true);
  });

  test("what is there is used", async () => {
    const layers = [layerOf("a"), layerOf("b")];
    await bring(layout.addImage({ layers }));
    const again = layout.addImage({ layers: [...layers, layerOf("c")] });
    const asked: string[] = [];
    const source = new LayoutSource(layout.folder);
    await bring(
      again,
      {},
      {
        description: "a source that counts",
        document: (descriptor) => source.document(descriptor),
        blob: (descriptor, offset) => {
          asked.push(descriptor.digest);
          return source.blob(descriptor, offset);
        },
      },
    );
    expect(asked).toHaveLength(1);
    expect(stored("layers")).toHaveLength(3);
  });

  test("at most so many at a time, and the first failure ends all", async () => {
    const layers = ["a", "b", "c", "d", "e", "f"].map((name) => layerOf(name));
    const image = layout.addImage({ layers });
    const source = new LayoutSource(layout.folder);
    let open = 0;
    let mostOpen = 0;
    let count = 0;
    const refused = new OcicatError("unavailable", { operation: "read", subject: "a blob" });
    async function* blob(descriptor: Descriptor, offset: number) {
      open += 1;
      count += 1;
      const number = count;
      mostOpen = Math.max(mostOpen, open);
      try {
        await Bun.sleep(1);
        if (number === 3) {
          throw refused;
        }
        yield* source.blob(descriptor, offset);
      } finally {
        open -= 1;
      }
    }
    const counting = {
      description: "a source that counts",
      document: (descriptor: Descriptor) => source.document(descriptor),
      blob,
    };
    expect(await failure(bring(image, { parallel: 2 }, counting))).toBe(refused);
    expect(mostOpen).toBe(2);
    expect(count).toBeLessThan(6);
    expect(refused.cleanupFailures).toEqual([]);
    await bring(image, { parallel: 2 }, counting);
    expect(mostOpen).toBe(2);
    expect(stored("staging")).toEqual([]);
    expect(stored("layers")).toHaveLength(6);
  });

  test("cancelled while it downloads", async () => {
    const image = layout.addImage({ layers: [layerOf("a")] });
    const source = new LayoutSource(layout.folder);
    const controller = new AbortController();
    async function* blob(descriptor: Descriptor, offset: number) {
      controller.abort();
      yield* source.blob(descriptor, offset);
    }
    const aborting = {
      description: "a source that is cancelled",
      document: (descriptor: Descriptor) => source.document(descriptor),
      blob,
    };
    const error = await failure(bring(image, { signal: controller.signal }, aborting));
    expect(error.code).toBe("interrupted");
    await bring(image);
    expect(stored("layers")).toHaveLength(1);
  });

  test("a layer that is not what the configuration says", async () => {
    const layers = [layerOf("a"), layerOf("b")];
    const diffIds = [digestOf(layerOf("a")), digestOf(layerOf("x"))];
    layout.setIndex([named(layout.addImage({ layers, diffIds }), "x")]);
    const error = await failure(bring(layout.addImage({ layers, diffIds })));
    expect(error.message).toMatch(/^verify the uncompressed layer sha256:/);
    expect(stored("images")).toEqual([]);
    expect(stored("staging")).toEqual([]);
  });
});
