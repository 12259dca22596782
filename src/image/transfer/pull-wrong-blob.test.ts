// Blobs that come whole, but with another content than their digest says.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { decodeManifest } from "../../oci/parse/image.ts";
import { checkStore } from "../content/check.ts";
import type { ImageEvent } from "../image-event.ts";
import type { LayerFormat } from "../record.ts";
import { RegistryClient } from "../registry/registry-client.ts";
import { pullImage } from "./pull-image.ts";
import { AMD64, damages, TransferSetting } from "./transfer.fixture.ts";

let setting: TransferSetting;
let image: Descriptor;
let config: Descriptor;
let layer: Descriptor;

beforeAll(async () => {
  setting = await TransferSetting.make();
  image = setting.addImage("app", "1");
  const text = await Bun.file(setting.layout.blobPath(image)).text();
  const manifest = decodeManifest(text, { subject: "the manifest" });
  const [first = manifest.config] = manifest.layers;
  [config, layer] = [manifest.config, first];
});

afterAll(() => setting[Symbol.asyncDispose]());

beforeEach(() => setting.setFaults());

/** In the compressed data of a layer, or in the text of a configuration. */
const CORRUPT = { kind: "corrupt", at: 40 } as const;

function corrupt({ digest }: Descriptor, times: number): void {
  setting.setFaults({ on: "blob", where: new RegExp(digest), times, action: CORRUPT });
}

function requestsFor({ digest }: Descriptor, { requests }: FaultyRegistry): number {
  return requests.filter(({ line }) => line.startsWith("GET") && line.includes(digest)).length;
}

/** A bit near the beginning makes nonsense of the archive long before the digest can be checked. */
describe.each<LayerFormat>(["directory", "erofs"])("in format %s", (format) => {
  test("a layer that comes wrong once is asked for once more", async () => {
    corrupt(layer, 1);
    using store = setting.newStore();
    const before = requestsFor(layer, setting.registry);
    const events: ImageEvent[] = [];
    const result = await pullImage(setting.place(store), setting.name("app:1"), {
      platform: AMD64,
      format,
      onEvent: (event) => events.push(event),
    });
    expect(result.descriptor).toEqual(image);
    expect(requestsFor(layer, setting.registry) - before).toBe(2);
    expect(events.filter(({ kind }) => kind === "retry")).toEqual([
      expect.objectContaining({
        subject: `blob ${layer.digest}`,
        reason: expect.stringContaining(`instead of ${layer.digest}`),
      }),
    ]);
    expect(await checkStore(store)).toEqual([]);
  });

  test("a layer that comes wrong twice is an error that names it", async () => {
    corrupt(layer, 2);
    using store = setting.newStore();
    const before = requestsFor(layer, setting.registry);
    const pulled = pullImage(setting.place(store), setting.name("app:1"), {
      platform: AMD64,
      format,
    });
    await expect(pulled).rejects.toMatchObject({
      code: "invalid-config",
      operation: "verify",
      subject: `the blob ${layer.digest}`,
    });
    expect(requestsFor(layer, setting.registry) - before).toBe(2);
    expect(store.names()).toEqual([]);
    expect(await damages(store)).toEqual([]);
  });
});

test("a configuration that comes wrong once is asked for once more", async () => {
  corrupt(config, 1);
  using store = setting.newStore();
  const options = { platform: AMD64, format: "directory" } as const;
  const result = await pullImage(setting.place(store), setting.name("app:1"), options);
  expect(result.descriptor).toEqual(image);
});

test("a mirror that sends it wrong is left out for it, and the registry gives it", async () => {
  await using mirror = await FaultyRegistry.start({
    faults: [{ on: "blob", where: new RegExp(layer.digest), action: CORRUPT }],
  });
  mirror.content.addLayout("app", setting.layout.folder, "1");
  const client = new RegistryClient({
    hostsFolders: [],
    mirrors: { [setting.registry.domain]: [mirror.origin] },
  });
  using store = setting.newStore();
  const before = requestsFor(layer, setting.registry);
  const name = setting.name("app:1");
  await pullImage({ store, client }, name, { platform: AMD64, format: "directory" });
  expect(requestsFor(layer, mirror)).toBe(1);
  expect(requestsFor(layer, setting.registry) - before).toBe(1);
  expect(await checkStore(store)).toEqual([]);
});

test("what an earlier pull has left in the store may be what was wrong", async () => {
  using store = setting.newStore();
  const stop = new AbortController();
  corrupt(layer, 1);
  const stopped = pullImage(setting.place(store, stop.signal), setting.name("app:1"), {
    platform: AMD64,
    format: "directory",
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === "layer" && event.digest === layer.digest && event.bytes > 100_000) {
        stop.abort();
      }
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "interrupted" });
  setting.setFaults();
  const options = { platform: AMD64, format: "directory" } as const;
  await pullImage(setting.place(store), setting.name("app:1"), options);
  expect(await checkStore(store)).toEqual([]);
});
