// What refers to images (signatures, lists of parts) on its way from registries, in the store, and to other
// registries.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import type { StoredDescriptor } from "../../../tools/testing/faulty-registry-content.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from "../../oci/media-types.ts";
import { collectGarbage } from "../content/collect-garbage.ts";
import { ContentStore } from "../content/content-store.ts";
import { diskUsage } from "../content/disk-usage.ts";
import { readReferrers } from "../content/referrer-index.ts";
import { pullImage } from "./pull-image.ts";
import { copyImage, pushImage } from "./push-image.ts";
import { AMD64, damages, TransferSetting } from "./transfer.fixture.ts";

const SIGNATURE = "application/vnd.example.signature";
const OPTIONS = { platform: AMD64, format: "directory", referrers: true } as const;

let setting: TransferSetting;
let image: Descriptor;
let signature: StoredDescriptor;
let counterSignature: StoredDescriptor;

const COSIGN_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json";

/** As cosign has them: nothing but the tag says what is signed. */
function attach(
  { content }: FaultyRegistry,
  { digest }: Descriptor,
  suffix: string,
  text = suffix,
): StoredDescriptor {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const config = content.addBlob("app", bytes({ rootfs: { diff_ids: [] } }), OCI_CONFIG);
  const layer = content.addBlob("app", bytes({ critical: text }), COSIGN_LAYER);
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
  return content.addManifest("app", attachedTag(digest, suffix), document);
}

function attachedTag(digest: string, suffix: string): string {
  return `${digest.replace(":", "-")}.${suffix}`;
}

beforeAll(async () => {
  setting = await TransferSetting.make();
  image = setting.addImage("app", "1");
  signature = addArtifact(setting.registry, "app", image, "signed");
  counterSignature = addArtifact(setting.registry, "app", signature, "signed again");
});

afterAll(() => setting[Symbol.asyncDispose]());

function addArtifact(
  { content }: FaultyRegistry,
  path: string,
  { mediaType, digest, size }: Descriptor,
  text: string,
): StoredDescriptor {
  const bytes = new TextEncoder().encode(text);
  return content.addManifest(path, undefined, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: SIGNATURE,
    config: content.addBlob(path, new TextEncoder().encode("{}"), OCI_EMPTY),
    layers: [content.addBlob(path, bytes, "text/plain")],
    subject: { mediaType, digest, size },
    annotations: { "org.example.by": "a test" },
  });
}

async function pulled(store: ContentStore) {
  return await pullImage(setting.place(store), setting.name("app:1"), OPTIONS);
}

/** Of a store that nobody has open. */
async function rootAfterPull(): Promise<string> {
  using store = setting.newStore();
  await pulled(store);
  return store.root;
}

describe("in the store", () => {
  test("they come along when they are asked for, with what refers to them", async () => {
    using store = setting.newStore();
    const { referrers } = await pulled(store);
    expect(referrers.map(({ digest }) => digest)).toEqual([
      signature.digest,
      counterSignature.digest,
    ]);
    expect(referrers[0]).toEqual({
      mediaType: OCI_MANIFEST,
      digest: signature.digest,
      size: signature.size,
      artifactType: SIGNATURE,
      annotations: { "org.example.by": "a test" },
    });
    expect(store.names().map(({ name }) => name)).toEqual([setting.name("app:1")]);
    // Other programs find them in index.json.
    const index = JSON.parse(readFileSync(`${store.root}/index.json`, "utf8"));
    expect(index.manifests).toHaveLength(3);
    expect(await damages(store)).toEqual([]);
    const usage = diskUsage(store);
    expect(usage.images[0]?.bytes).toBe(
      usage.blobs.bytes + usage.layers.bytes + usage.records.bytes,
    );
  });

  test("nobody asks for them otherwise", async () => {
    using store = setting.newStore();
    const before = setting.registry.requests.length;
    await pullImage(setting.place(store), setting.name("app:1"), { ...OPTIONS, referrers: false });
    const lines = setting.registry.requests.slice(before).map(({ line }) => line);
    expect(lines.filter((line) => line.includes("/referrers/"))).toEqual([]);
    expect(readReferrers(store.folders)).toEqual([]);
  });

  test("a second pull adds nothing, and another name of an artifact changes nothing", async () => {
    using store = setting.newStore();
    await pulled(store);
    await pulled(store);
    await store.setName("localhost/signature:1", signature);
    await store.removeName("localhost/signature:1");
    expect(readReferrers(store.folders)).toHaveLength(2);
  });

  test("they stay as long as what they refer to, and go with it", async () => {
    const root = await rootAfterPull();
    using later = new ContentStore(root);
    await collectGarbage(later);
    expect(later.blobSize(counterSignature.digest)).toBe(counterSignature.size);
    await later.removeName(setting.name("app:1"));
    await collectGarbage(later);
    expect(readReferrers(later.folders)).toEqual([]);
    expect(diskUsage(later).blobs.count).toBe(0);
  });

  test("what a registry wrongly calls a referrer is told of and left out", async () => {
    await using registry = await FaultyRegistry.start();
    registry.content.addLayout("app", setting.layout.folder, "1");
    const other = addArtifact(registry, "app", signature, "of something else");
    const lie = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [other] };
    registry.plan.add({
      on: "referrers",
      where: new RegExp(image.digest),
      action: { kind: "status", status: 200, body: JSON.stringify(lie) },
    });
    const notes: string[] = [];
    using store = setting.newStore();
    const place = { store, client: setting.place(store).client };
    const result = await pullImage(place, `${registry.domain}/app:1`, {
      ...OPTIONS,
      onEvent: (event) => void (event.kind === "note" && notes.push(event.text)),
    });
    expect(result.referrers).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(`does not refer to ${image.digest}`)]);
  });
});

describe.each([true, false])("to a registry that keeps lists of them itself: %p", (referrers) => {
  const all = () => [image.digest, signature.digest, counterSignature.digest];

  /** Of the image, its signature and the signature's own. */
  async function digestsAt(registry: FaultyRegistry, store: ContentStore) {
    const { client } = setting.place(store);
    const repository = { domain: registry.domain, path: "copy" };
    const listed = await client.referrers(repository, image.digest);
    const again = await client.referrers(repository, signature.digest);
    const tagged = registry.content.repository("copy").tags.get("1");
    return [tagged, ...[...listed, ...again].map(({ digest }) => digest)];
  }

  test("they are pushed with their image", async () => {
    await using registry = await FaultyRegistry.start({ referrers });
    using store = setting.newStore();
    await pulled(store);
    await pushImage(setting.place(store), image, `${registry.domain}/copy:1`, OPTIONS);
    expect(await digestsAt(registry, store)).toEqual(all());
  });

  test("they are copied with their image", async () => {
    await using registry = await FaultyRegistry.start({ referrers });
    using store = setting.newStore();
    const { client } = setting.place(store);
    await copyImage(client, setting.name("app:1"), `${registry.domain}/copy:1`, OPTIONS);
    expect(await digestsAt(registry, store)).toEqual(all());
    expect(store.names()).toEqual([]);
  });
});

describe("attached by a tag alone, as by cosign", () => {
  async function signedRegistry() {
    const registry = await FaultyRegistry.start();
    registry.content.addLayout("app", setting.layout.folder, "1");
    const signed = attach(registry, image, "sig");
    const attested = attach(registry, image, "att");
    return { registry, name: `${registry.domain}/app:1`, signed, attested };
  }

  test("they come along, and what a tag led to before is replaced", async () => {
    const { registry, name, signed, attested } = await signedRegistry();
    await using _registry = registry;
    using store = setting.newStore();
    const place = { store, client: setting.place(store).client };
    const { referrers } = await pullImage(place, name, OPTIONS);
    expect(referrers.map(({ digest }) => digest)).toEqual([signed.digest, attested.digest]);
    expect(store.names().map((each) => each.name)).toEqual([name]);
    const again = attach(registry, image, "sig", "signed twice");
    await pullImage(place, name, OPTIONS);
    const kept = readReferrers(store.folders).map(({ subject, descriptor, tag }) => [
      subject,
      descriptor.digest,
      tag,
    ]);
    expect(kept).toEqual([
      [image.digest, again.digest, attachedTag(image.digest, "sig")],
      [image.digest, attested.digest, attachedTag(image.digest, "att")],
    ]);
    expect(await damages(store)).toEqual([]);
  });

  test("they are pushed, and copied, under their tags", async () => {
    const { registry, name, signed, attested } = await signedRegistry();
    await using _registry = registry;
    using store = setting.newStore();
    const { client } = setting.place(store);
    await pullImage({ store, client }, name, OPTIONS);
    await pushImage({ store, client }, image, `${registry.domain}/pushed:1`, OPTIONS);
    await copyImage(client, name, `${registry.domain}/copied:1`, OPTIONS);
    for (const path of ["pushed", "copied"]) {
      const { tags } = registry.content.repository(path);
      expect(tags.get(attachedTag(image.digest, "sig"))).toBe(signed.digest);
      expect(tags.get(attachedTag(image.digest, "att"))).toBe(attested.digest);
    }
  });
});
