// Images of all kinds between ocicat and skopeo through docker-registry: other compressions, several
// platforms, artifacts and what refers to them.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addToManifestList, createManifestList } from "../../src/engine/images/manifest-lists.ts";
import { pushManifestList } from "../../src/engine/images/push-manifest-list.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import type { ImageEvent } from "../../src/image/image-event.ts";
import { pullImage } from "../../src/image/transfer/pull-image.ts";
import { copyImage, pushImage } from "../../src/image/transfer/push-image.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { layeredLayout } from "../../tools/peers/registry-images.ts";
import { TestRegistry } from "../../tools/testing/registry.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { blobFiles } from "./blob-files.ts";
import { hostPlatform } from "./host-platform.ts";
import { type Packing, repack, writeArtifact, writeMultiPlatform } from "./image-variants.ts";
import { Ocicat, ocicatClient, readLayout, skopeo, skopeoFlags } from "./registry-peers.ts";

const isMissing =
  process.getuid?.() !== 0 || !TestRegistry.isInstalled() || Bun.which("skopeo") === null;
const HOST = hostPlatform();
const AMD64 = { os: "linux", architecture: "amd64" };
const ARM64 = { os: "linux", architecture: "arm64" };
const OTHER = HOST.architecture === "amd64" ? ARM64 : AMD64;

describe.skipIf(isMissing)("images of all kinds through a registry", () => {
  let folder = "";
  let registry: TestRegistry;
  let count = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-kinds-"));
    registry = await TestRegistry.start(join(folder, "registry"));
  });

  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function newPath(name: string): string {
    count += 1;
    return join(folder, `${name}-${count}`);
  }

  const PACKINGS: readonly Packing[] = [
    { compression: "zstd", algorithm: "sha256" },
    { compression: "none", algorithm: "sha256" },
  ];
  for (const packing of PACKINGS) {
    test(`layers in ${packing.compression}: pushed by ocicat, pulled by both`, async () => {
      const layout = newPath("packed");
      const top = repack(await layeredLayout(), layout, packing);
      const ocicat = new Ocicat(newPath("peer"));
      const name = `${registry.domain}/packed-${packing.compression}:1`;
      await ocicat.push(layout, name);
      expect((await ocicat.pull(name)).manifest).toBe(top.digest);
      expect(blobFiles(ocicat.storeFolder)).toEqual(blobFiles(layout));
      const copy = newPath("skopeo");
      await skopeoPull(name, copy);
      expect(blobFiles(copy)).toEqual(blobFiles(layout));
    });
  }

  test("zstd:chunked, whose frames and table of contents skopeo writes", async () => {
    const layout = await layeredLayout();
    // One that has none of the layers: skopeo would take those that it has in zstd.
    await using other = await TestRegistry.start(newPath("registry"));
    const name = `${other.domain}/chunked:1`;
    const compression = ["--dest-compress", "--dest-compress-format=zstd:chunked"];
    const flags = [...compression, ...skopeoFlags("dest", name, {})];
    await skopeo(["copy", ...flags, `oci:${layout}`, `docker://${name}`]);
    const raw = await skopeo(["inspect", "--tls-verify=false", "--raw", `docker://${name}`]);
    expect(raw).toContain("io.containers.zstd-chunked.manifest-checksum");
    const ocicat = new Ocicat(newPath("peer"));
    // Each layer, inflated, has the digest that the configuration says.
    expect((await ocicat.pull(name)).config).toBe(readLayout(layout).config);
  });

  test("digests by sha512, except for that of the manifest, which the registry chooses", async () => {
    const layout = newPath("packed");
    const top = repack(await layeredLayout(), layout, { compression: "gzip", algorithm: "sha512" });
    const ocicat = new Ocicat(newPath("peer"));
    const name = `${registry.domain}/sha512:1`;
    await ocicat.push(layout, name);
    const pulled = await ocicat.pull(name);
    expect(pulled.manifest).toStartWith("sha256:");
    const { [top.digest.replace(":", "/")]: manifest, ...blobs } = blobFiles(layout);
    expect(Object.keys(blobs)).toHaveLength(6);
    expect(blobFiles(ocicat.storeFolder)).toEqual({
      ...blobs,
      [`sha256/${manifest}`]: manifest ?? "",
    });
  });

  test("an index is pushed as a whole, and pulled for one platform or for all", async () => {
    const layout = newPath("platforms");
    const { index, amd64, arm64 } = writeMultiPlatform(layout, layerOf);
    const name = `${registry.domain}/platforms:1`;
    await new Ocicat(newPath("peer")).push(layout, name);
    const whole = newPath("skopeo");
    await skopeoPull(name, whole, ["--all"]);
    expect(blobFiles(whole)).toEqual(blobFiles(layout));

    using one = new ContentStore(newPath("store"));
    const place = { store: one, client: ocicatClient() };
    const pulled = await pullImage(place, name, { platform: OTHER });
    expect(pulled.descriptor.digest).toBe(index.digest);
    const [host, other] = HOST.architecture === "amd64" ? [amd64, arm64] : [arm64, amd64];
    expect(one.blobSize(other.digest)).toBe(other.size);
    expect(one.blobSize(host.digest)).toBeUndefined();

    using all = new ContentStore(newPath("store"));
    const both = { store: all, client: ocicatClient() };
    await pullImage(both, name, { platform: HOST, allPlatforms: true });
    expect(blobFiles(all.root)).toEqual(blobFiles(layout));
  });

  test("of an index that is not all there one platform is pushed, and it says so", async () => {
    const layout = newPath("platforms");
    const { amd64, arm64 } = writeMultiPlatform(layout, layerOf);
    const name = `${registry.domain}/incomplete`;
    await new Ocicat(newPath("peer")).push(layout, `${name}:whole`);
    using store = new ContentStore(newPath("store"));
    const place = { store, client: ocicatClient() };
    const { descriptor } = await pullImage(place, `${name}:whole`, { platform: HOST });
    const events: ImageEvent[] = [];
    const pushed = await pushImage(place, descriptor, `${name}:part`, {
      platform: HOST,
      onEvent: (event) => events.push(event),
    });
    const own = HOST.architecture === "amd64" ? amd64 : arm64;
    expect(pushed.descriptor.digest).toBe(own.digest);
    const notes = events.flatMap((event) => (event.kind === "note" ? [event.text] : []));
    expect(notes).toEqual([expect.stringContaining(`linux/${HOST.architecture} is pushed alone`)]);
    await expect(
      pushImage(place, descriptor, `${name}:other`, { platform: OTHER }),
    ).rejects.toThrow(`nothing for linux/${OTHER.architecture} is in the store`);
  });

  test("by digest, by tag and digest, up to date, another tag of the same image", async () => {
    const ocicat = new Ocicat(newPath("peer"));
    const name = `${registry.domain}/names`;
    await ocicat.push(await layeredLayout(), `${name}:1`);
    const { manifest } = readLayout(await layeredLayout());
    using store = new ContentStore(newPath("store"));
    const place = { store, client: ocicatClient() };
    const pull = (reference: string) => pullImage(place, reference, { platform: HOST });
    expect(await pull(`${name}@${manifest}`)).toMatchObject({
      name: `${name}@${manifest}`,
      status: "updated",
    });
    expect(await pull(`${name}:1@${manifest}`)).toMatchObject({
      name: `${name}@${manifest}`,
      status: "up-to-date",
    });
    expect(await pull(`${name}:1`)).toMatchObject({ name: `${name}:1`, status: "updated" });
    expect(await pull(`${name}:1`)).toMatchObject({ name: `${name}:1`, status: "up-to-date" });
    expect(store.names().map((each) => each.name)).toEqual([`${name}@${manifest}`, `${name}:1`]);
    await expect(pull(`${name}:2`)).rejects.toThrow("not");
    await expect(pull(`${name}@sha256:${"0".repeat(64)}`)).rejects.toThrow("not");
  });

  test("an artifact and those that refer to an image", async () => {
    const ocicat = new Ocicat(newPath("peer"));
    const repository = `${registry.domain}/referred`;
    await ocicat.push(await layeredLayout(), `${repository}:1`);
    const subject = await subjectOf(`${repository}:1`);
    const artifacts: Digest[] = [];
    for (const content of ["one", "two"]) {
      const layout = newPath("artifact");
      artifacts.push(writeArtifact(layout, subject, content).digest);
      await ocicat.push(layout, `${repository}:${content}`);
    }
    const reference = parseReference(repository);
    const found = await ocicatClient().referrers(reference, subject.digest);
    expect(found.map(({ digest }) => digest).sort()).toEqual(artifacts.sort());
    expect(found[0]).toMatchObject({
      artifactType: "application/vnd.example.signature",
      annotations: { "org.example.purpose": "test" },
    });
    using store = new ContentStore(newPath("store"));
    const place = { store, client: ocicatClient() };
    const pulled = await pullImage(place, `${repository}:two`, { platform: HOST });
    expect(pulled).toMatchObject({ imageId: undefined });
    expect(artifacts).toContain(pulled.descriptor.digest);
  });

  test("a list of images that nobody pulled is pushed with all of them", async () => {
    const layout = newPath("platforms");
    const { index, amd64, arm64 } = writeMultiPlatform(layout, layerOf);
    const name = `${registry.domain}/listed`;
    await new Ocicat(newPath("peer")).push(layout, `${name}:whole`);
    await new Ocicat(newPath("peer")).push(await layeredLayout(), `${name}:1`);
    const options = { storeRoot: newPath("store") };
    const list = `${registry.domain}/other/list:1`;
    await createManifestList(list, [`${name}:whole`], options);
    const added = await addToManifestList(list, [`${name}:1`], options);
    const { manifest } = readLayout(await layeredLayout());
    expect(added.index.manifests).toMatchObject([
      { digest: amd64.digest, platform: AMD64 },
      { digest: arm64.digest, platform: ARM64 },
      { digest: manifest, platform: HOST },
    ]);
    await expect(createManifestList(`${list}0`, [`${name}:none`], options)).rejects.toMatchObject({
      code: "not-found",
    });
    const pushed = await pushManifestList(list, options);
    expect(pushed.descriptor.digest).toBe(added.descriptor.digest);
    const whole = newPath("skopeo");
    await skopeoPull(list, whole, ["--all"]);
    const { [index.digest.replace(":", "/")]: _, ...images } = blobFiles(layout);
    expect(blobFiles(whole)).toMatchObject({ ...images, ...blobFiles(await layeredLayout()) });
    const uploads = registry
      .requests()
      .filter((line) => line.startsWith("PUT /v2/other/list/blobs"));
    expect(uploads).toEqual([]);
  });

  test("from repository to repository nothing is uploaded twice", async () => {
    const layout = newPath("platforms");
    const { index } = writeMultiPlatform(layout, layerOf);
    const client = ocicatClient();
    const name = `${registry.domain}/copied-from:1`;
    await new Ocicat(newPath("peer")).push(layout, name);
    const events: ImageEvent[] = [];
    const copied = await copyImage(client, name, `${registry.domain}/copied-to:1`, {
      platform: HOST,
      onEvent: (event) => events.push(event),
    });
    expect(copied.descriptor.digest).toBe(index.digest);
    const phases = events.flatMap((event) => (event.kind === "layer" ? [event.phase] : []));
    expect(phases).toEqual(["mounted-from", "mounted-from", "mounted-from", "mounted-from"]);
    const whole = newPath("skopeo");
    await skopeoPull(`${registry.domain}/copied-to:1`, whole, ["--all"]);
    expect(blobFiles(whole)).toEqual(blobFiles(layout));
  });

  test("from registry to registry through nothing but memory", async () => {
    await using other = await TestRegistry.start(join(folder, "other-registry"));
    const name = `${registry.domain}/far:1`;
    await new Ocicat(newPath("peer")).push(await layeredLayout(), name);
    const target = `${other.domain}/near:1`;
    await copyImage(ocicatClient(), name, target, { platform: HOST });
    const copy = newPath("skopeo");
    await skopeoPull(target, copy);
    expect(blobFiles(copy)).toEqual(blobFiles(await layeredLayout()));
  });

  async function subjectOf(name: string): Promise<Descriptor> {
    return await ocicatClient().resolve(parseReference(name));
  }

  async function skopeoPull(name: string, layout: string, flags: string[] = []): Promise<void> {
    const all = ["--preserve-digests", ...flags, ...skopeoFlags("src", name, {})];
    await skopeo(["copy", ...all, `docker://${name}`, `oci:${layout}:latest`]);
  }
});

function layerOf(name: string): Buffer {
  return archive({ name: "platform", data: name });
}
