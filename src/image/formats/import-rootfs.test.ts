import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { archive } from "../../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../../test/fixtures/unpacked-layers.ts";
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../../oci/media-types.ts";
import type { ContentStore } from "../content/content-store.ts";
import { DEFAULT_UNPACK_LIMITS } from "../unpack/limits.ts";
import { BRING_IN, errorOf, TestPlace } from "./archives.fixture.ts";
import { importRootfs } from "./import-rootfs.ts";
import { type LoadedImage, loadArchive } from "./load-archive.ts";

const ROOT = archive(
  { name: "etc/", type: "5", mode: 0o755 },
  { name: "etc/issue", data: "hello" },
);
const CREATED = new Date("2026-01-02T03:04:05Z");

function documents(store: ContentStore, { descriptor, imageId }: LoadedImage) {
  const read = (digest: string) =>
    JSON.parse(readFileSync(`${store.root}/blobs/${digest.replace(":", "/")}`, "utf8"));
  return { manifest: read(descriptor.digest), image: read(imageId ?? "") };
}

describe("a root file system becomes an image of one layer", () => {
  test.each([
    ["uncompressed", ROOT, OCI_LAYER, ROOT],
    ["gzip", gzipSync(ROOT), OCI_LAYER_GZIP, gzipSync(ROOT)],
    [
      "gzip, with bytes behind its end",
      Buffer.concat([gzipSync(ROOT), Buffer.alloc(3_000_000)]),
      OCI_LAYER_GZIP,
      Buffer.concat([gzipSync(ROOT), Buffer.alloc(3_000_000)]),
    ],
    ["zstd", zstdCompressSync(ROOT), OCI_LAYER_ZSTD, zstdCompressSync(ROOT)],
  ])("%s", async (_, content, mediaType, stored) => {
    using place = new TestPlace();
    const store = place.store();
    const path = place.write("root.tar", content);
    const names = ["localhost/root:1"];
    const changes = ["CMD sh", "ENV A=b"];
    const options = {
      ...BRING_IN,
      names,
      changes,
      message: "made",
      author: "me",
      created: CREATED,
    };
    const imported = await importRootfs(store, { kind: "path", path }, options);
    const { manifest, image } = documents(store, imported);
    expect(manifest.layers).toEqual([{ mediaType, digest: digestOf(stored), size: stored.length }]);
    expect(image).toEqual({
      created: "2026-01-02T03:04:05.000Z",
      author: "me",
      architecture: BRING_IN.platform.architecture,
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(ROOT)] },
      history: [{ created: "2026-01-02T03:04:05.000Z", comment: "made" }],
      config: { Cmd: ["/bin/sh", "-c", "sh"], Env: ["A=b"] },
    });
    expect(store.findName("localhost/root:1")).toEqual(imported.descriptor);
    const left = readdirSync(`${store.root}/staging`).filter((name) => !name.startsWith("lease-"));
    expect(left).toEqual([]);
  });

  const packers = ["xz", "bzip2"].filter((program) => Bun.which(program) !== null);
  test.skipIf(packers.length < 2)("xz and bzip2, which layers can't be in", async () => {
    for (const program of packers) {
      expect(await importedLayers(program)).toEqual([
        { mediaType: OCI_LAYER, digest: digestOf(ROOT), size: ROOT.length },
      ]);
    }
  });

  async function importedLayers(program: string) {
    using place = new TestPlace();
    const store = place.store();
    const packed = Bun.spawnSync([program, "-c"], { stdin: ROOT }).stdout;
    const path = place.write("root.tar", packed);
    const imported = await importRootfs(store, { kind: "path", path }, BRING_IN);
    return documents(store, imported).manifest.layers;
  }

  test("through a pipe; without a name it stays without one", async () => {
    using place = new TestPlace();
    place.write("root.tar", ROOT);
    const program = `
      const { ContentStore } = await import("${import.meta.dir}/../content/content-store.ts");
      const { importRootfs } = await import("${import.meta.dir}/import-rootfs.ts");
      const input = { kind: "descriptor", fd: 0, description: "standard input" };
      using store = new ContentStore(${JSON.stringify(place.path("store"))});
      const options = ${JSON.stringify(BRING_IN)};
      const { imageId } = await importRootfs(store, input, options);
      console.log(imageId);
    `;
    const command = ["sh", "-c", 'cat "$1" | "$2" -e "$3"', "sh", place.path("root.tar")];
    const child = Bun.spawn([...command, process.execPath, program], { stdout: "pipe" });
    const id = (await new Response(child.stdout).text()).trim();
    expect(await child.exited).toBe(0);
    const store = place.store();
    const [only] = store.names();
    expect(only?.name).toBeUndefined();
    const image = JSON.parse(readFileSync(`${store.root}/blobs/${id.replace(":", "/")}`, "utf8"));
    expect(image.history[0].comment).toBe("Imported from standard input");
  });
});

describe("refused", () => {
  test.each([
    ["what is no archive", Buffer.from("hello ".repeat(1000)), "checksum"],
    ["an archive that ends early", ROOT.subarray(0, 700), "the archive ends inside"],
    ["a compressed stream that ends early", gzipSync(ROOT).subarray(0, 60), "gzip"],
  ])("%s", async (_, content, reason) => {
    using place = new TestPlace();
    const store = place.store();
    const path = place.write("root.tar", content);
    expect(await errorOf(importRootfs(store, { kind: "path", path }, BRING_IN))).toContain(reason);
    expect(store.names()).toEqual([]);
  });

  test("a wrong change, before anything is read", async () => {
    using place = new TestPlace();
    const options = { ...BRING_IN, changes: ["RUN true"] };
    const input = { kind: "path", path: place.path("missing") } as const;
    expect(await errorOf(importRootfs(place.store(), input, options))).toContain("RUN true");
  });
});

test("what grows absurdly is refused, not written to the disk", async () => {
  using place = new TestPlace();
  const store = place.store();
  const bomb = gzipSync(archive({ name: "zeros", data: Buffer.alloc(4_000_000) }));
  const path = place.write("bomb.tar", bomb);
  const limits = { ...DEFAULT_UNPACK_LIMITS, ratio: 20, ratioFreeBytes: 1_000_000 };
  const options = { ...BRING_IN, limits };
  for (const action of [importRootfs, loadArchive]) {
    const error = await errorOf(action(store, { kind: "path", path }, options));
    expect(error).toBe("decompress the archive: it grows to more than 20 times its size");
  }
  expect(readdirSync(`${store.root}/blobs/sha256`)).toEqual([]);
});
