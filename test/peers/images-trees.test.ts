// What an image looks like that was pulled, in both formats of the store, against what umoci unpacks and
// what podman mounts of the same image: every path with type, mode, owner, size, time, content, extended
// attributes and hard links.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringIn } from "../../src/image/bring-in.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { probeErofs } from "../../src/image/erofs/probe.ts";
import { openImageRoot } from "../../src/image/image-root.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { RegistrySource } from "../../src/image/transfer/registry-source.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { must } from "../../tools/peers/command.ts";
import { IMAGE_TAG } from "../../tools/peers/images.ts";
import { layeredLayout, serverLayout } from "../../tools/peers/registry-images.ts";
import { TestRegistry } from "../../tools/testing/registry.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { hostPlatform } from "./host-platform.ts";
import { type Packing, repack } from "./image-variants.ts";
import { ocicatClient, skopeo } from "./registry-peers.ts";

const isMissing =
  process.getuid?.() !== 0 ||
  !TestRegistry.isInstalled() ||
  ["umoci", "podman", "skopeo"].some((program) => Bun.which(program) === null);

const FORMATS: readonly LayerFormat[] = ["directory", "erofs"];

interface TestImage {
  readonly name: string;
  /** May write a layout into the folder. */
  readonly layout: (folder: string) => Promise<string>;
  readonly leastEntries: number;
  /** The same packed so that umoci reads it. */
  readonly layoutForUmoci?: () => Promise<string>;
}

const IMAGES: readonly TestImage[] = [
  { name: "layered", layout: layeredLayout, leastEntries: 80 },
  // umoci has packed it, without a padding behind the last file.
  { name: "server", layout: serverLayout, leastEntries: 10_000 },
  { name: "plain", leastEntries: 80, layout: (folder) => repacked(folder, "none") },
  {
    name: "zstd",
    leastEntries: 80,
    layout: (folder) => repacked(folder, "zstd"),
    layoutForUmoci: layeredLayout,
  },
  { name: "unpadded", leastEntries: 3, layout: (folder) => unpadded(folder, "gzip") },
  { name: "unpadded-plain", leastEntries: 3, layout: (folder) => unpadded(folder, "none") },
];

async function repacked(folder: string, compression: Packing["compression"]): Promise<string> {
  const target = join(folder, compression);
  repack(await layeredLayout(), target, { compression, algorithm: "sha256" });
  return target;
}

/** Both layers end with the data of a file. */
async function unpadded(folder: string, compression: Packing["compression"]): Promise<string> {
  const source = join(folder, `source-${compression}`);
  const layout = new TestLayout(source);
  const layers = ["first", "second"].map((name) => {
    const whole = archive({ name: "./", type: "5", mode: 0o755 }, { name, data: name });
    return whole.subarray(0, whole.lastIndexOf(name) + name.length);
  });
  layout.setIndex([named(layout.addImage({ layers }), IMAGE_TAG)]);
  const target = join(folder, `unpadded-${compression}`);
  repack(source, target, { compression, algorithm: "sha256" });
  return await Promise.resolve(target);
}

describe.skipIf(isMissing)("the tree of a pulled image", () => {
  let folder = "";
  let registry: TestRegistry;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-trees-"));
    registry = await TestRegistry.start(join(folder, "registry"));
  });

  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name, layout, leastEntries, layoutForUmoci } of IMAGES) {
    let expected: Record<string, string> = {};

    test(`${name}: the peers agree on it`, async () => {
      const path = await layout(folder);
      const target = `${registry.domain}/${name}:1`;
      const flags = ["--preserve-digests", "--dest-tls-verify=false"];
      await skopeo(["copy", ...flags, `oci:${path}:${IMAGE_TAG}`, `docker://${target}`]);
      const podman = await podmanTree(target);
      expect(Object.keys(podman).length).toBeGreaterThanOrEqual(leastEntries);
      expected = await umociTree((await layoutForUmoci?.()) ?? path);
      // Where no layer has the root, podman has one of its own.
      expect(podman).toEqual({ ...expected, ".": podman["."] ?? "" });
    }, 300_000);

    for (const format of FORMATS) {
      const isUnusable = format === "erofs" && !probeErofs(tmpdir()).usable;
      test.skipIf(isUnusable)(
        `${name}: ocicat's is the same, format ${format}`,
        async () => {
          const tree = await pulledTree(`${registry.domain}/${name}:1`, format);
          expect(tree).toEqual(expected);
        },
        120_000,
      );
    }
  }

  async function pulledTree(name: string, format: LayerFormat): Promise<Record<string, string>> {
    const place = mkdtempSync(join(folder, "ocicat-"));
    using store = new ContentStore(join(place, "store"));
    const client = ocicatClient();
    const reference = parseReference(name);
    const top = await client.resolve(reference);
    const options = { platform: hostPlatform(), format };
    using brought = await bringIn(store, new RegistrySource(client, reference), top, options);
    const record = brought.manifests[0]?.record;
    if (record === undefined) {
      throw new Error(`pull ${name}: it is no image`);
    }
    expect(record.root.format).toBe(format);
    expect(record.notes).toEqual([]);
    const mountPlace = { storeRoot: store.root, stateRoot: join(place, "state") };
    using root = openImageRoot(record.root, mountPlace);
    return await overlayTree(place, root.lower);
  }

  async function overlayTree(
    place: string,
    lower: readonly string[],
  ): Promise<Record<string, string>> {
    const target = join(place, "mounted");
    const empty = join(place, "empty");
    mkdirSync(target);
    mkdirSync(empty);
    const options = `ro,lowerdir=${[...lower, empty].join(":")}`;
    await must(["mount", "-t", "overlay", "overlay", "-o", options, target]);
    try {
      return treeFacts(target);
    } finally {
      await must(["umount", target]);
    }
  }

  async function umociTree(layout: string): Promise<Record<string, string>> {
    const target = mkdtempSync(join(folder, "umoci-"));
    const image = `${layout}:${IMAGE_TAG}`;
    await must(["umoci", "raw", "unpack", "--image", image, join(target, "root")]);
    const facts = treeFacts(join(target, "root"));
    rmSync(target, { recursive: true });
    return facts;
  }

  async function podmanTree(name: string): Promise<Record<string, string>> {
    const flags = [`--root=${folder}/podman`, `--runroot=${folder}/podman-run`];
    const podman = async (...parts: string[]): Promise<string> =>
      (await must(["podman", ...flags, "--storage-driver=overlay", ...parts])).trim();
    await podman("pull", "--quiet", "--tls-verify=false", name);
    const root = await podman("image", "mount", name);
    try {
      return treeFacts(root);
    } finally {
      await podman("image", "unmount", name);
      await podman("rmi", "--force", name);
    }
  }
});
