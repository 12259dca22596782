import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { FaultAction } from "../../../tools/testing/faulty-registry-faults.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { OCI_FOREIGN_LAYER, OCI_LAYER } from "../../oci/media-types.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageEvent } from "../image-event.ts";
import { pullImage } from "./pull-image.ts";
import { type PushOptions, pushImage } from "./push-image.ts";
import { AMD64, TransferSetting } from "./transfer.fixture.ts";

let setting: TransferSetting;
let image: Descriptor;
let store: ContentStore;
let count = 0;

beforeAll(async () => {
  setting = await TransferSetting.make();
  image = setting.addImage("source", "1");
  store = setting.newStore();
  const options = { platform: AMD64, format: "directory" } as const;
  await pullImage(setting.place(store), setting.name("source:1"), options);
});

afterAll(async () => {
  store[Symbol.dispose]();
  await setting[Symbol.asyncDispose]();
});

beforeEach(() => setting.setFaults());

interface Pushed {
  readonly path: string;
  readonly phases: readonly string[];
}

/** To a repository that nothing was pushed to. */
async function push(options: Partial<PushOptions> = {}): Promise<Pushed> {
  count += 1;
  const path = `target-${count}`;
  const events: ImageEvent[] = [];
  const all = { platform: AMD64, onEvent: (event: ImageEvent) => events.push(event), ...options };
  await pushImage(setting.place(store), image, setting.name(`${path}:1`), all);
  const phases = events.flatMap((event) =>
    event.kind === "layer" && event.phase !== "uploading" ? [event.phase] : [],
  );
  return { path, phases };
}

function expectThere(path: string): void {
  const { tags, manifests, blobs } = setting.registry.content.repository(path);
  expect(tags.get("1")).toBe(image.digest);
  expect(manifests.get(image.digest)?.content).toEqual(store.readDocument(image));
  expect(blobs.size).toBe(3);
}

describe("a push", () => {
  test("takes from another repository of the registry what is known to be there", async () => {
    const before = setting.registry.receivedBytes;
    const { path, phases } = await push();
    expect(phases).toEqual(["mounted-from", "mounted-from", "mounted-from"]);
    expectThere(path);
    expect(setting.registry.receivedBytes - before).toBe(image.size);
  });

  test("sends what the other repository has lost", async () => {
    const source = setting.registry.content.repository("source");
    const [[digest, content] = ["", new Uint8Array()]] = [...source.blobs];
    source.blobs.delete(digest);
    for (const name of setting.registry.content.names.filter((each) => each !== "source")) {
      setting.registry.content.repository(name).blobs.clear();
    }
    const { path, phases } = await push();
    expect([...phases].sort()).toEqual(["done", "mounted-from", "mounted-from"]);
    expectThere(path);
    source.blobs.set(digest, content);
  });

  test("leaves alone what is there", async () => {
    const { path } = await push();
    const events: ImageEvent[] = [];
    await pushImage(setting.place(store), image, setting.name(`${path}:2`), {
      platform: AMD64,
      onEvent: (event) => events.push(event),
    });
    const phases = events.flatMap((event) => (event.kind === "layer" ? [event.phase] : []));
    expect(phases).toEqual(["exists", "exists", "exists"]);
  });

  const ACTIONS: readonly FaultAction[] = [
    { kind: "reset", afterBytes: -1 },
    { kind: "stall", afterBytes: -1 },
    { kind: "status", status: 500 },
    { kind: "status", status: 429, headers: { "Retry-After": "0" } },
    { kind: "cut-upload", afterBytes: 100_000 },
  ];
  test.each(ACTIONS.map((action) => [JSON.stringify(action), action] as const))(
    "goes on after %s",
    async (_, action) => {
      await using other = await TransferSetting.make();
      other.setFaults({ on: "upload", times: 2, action });
      const target = other.name("far/away:1");
      const result = await pushImage(setting.place(store), image, target, { platform: AMD64 });
      expect(result).toEqual({ name: target, descriptor: image });
      const { tags, blobs } = other.registry.content.repository("far/away");
      expect(tags.get("1")).toBe(image.digest);
      expect(blobs.size).toBe(3);
    },
  );

  test("that is refused says so and gives no name", async () => {
    await using other = await TransferSetting.make();
    other.setFaults({ on: "upload", action: { kind: "status", status: 403 } });
    const target = other.name("forbidden:1");
    await expect(
      pushImage(setting.place(store), image, target, { platform: AMD64 }),
    ).rejects.toMatchObject({ code: "permission-denied" });
    expect(other.registry.content.repository("forbidden").tags.size).toBe(0);
  });

  test("to a digest, of what is not whole, of what is not there", async () => {
    const place = setting.place(store);
    const digest = `sha256:${"1".repeat(64)}` as const;
    const options = { platform: AMD64 };
    await expect(
      pushImage(place, image, setting.name(`x@${digest}`), options),
    ).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(
      pushImage(place, { ...image, digest }, setting.name("x:1"), options),
    ).rejects.toMatchObject({ code: "not-found" });
    using empty = setting.newStore();
    empty.writeDocument(store.readDocument(image), image.mediaType);
    await expect(
      pushImage(setting.place(empty), image, setting.name("x:1"), options),
    ).rejects.toThrow("is not in the store");
  });
});

describe("layers that the store has dropped", () => {
  test("are compressed again, and it says so", async () => {
    await using other = await TransferSetting.make();
    using lean = await leanStore();
    const events: ImageEvent[] = [];
    const name = other.name("again:1");
    const pushed = await pushImage(setting.place(lean), image, name, {
      platform: AMD64,
      onEvent: (event) => events.push(event),
    });
    expect(pushed.descriptor.digest).not.toBe(image.digest);
    const notes = events.flatMap((event) => (event.kind === "note" ? [event.text] : []));
    expect(notes).toEqual([expect.stringContaining(`as ${pushed.descriptor.digest}`)]);
    using store2 = setting.newStore();
    const pulled = await pullImage(setting.place(store2), name, { platform: AMD64 });
    expect(String(pulled.imageId)).toBe(imageIdOf(store));
  });

  test("are not needed where the registry has them", async () => {
    using lean = await leanStore();
    const name = setting.name("lean:1");
    const pushed = await pushImage(setting.place(lean), image, name, { platform: AMD64 });
    expect(pushed.descriptor).toEqual(image);
    expectThere("lean");
  });

  async function leanStore(): Promise<ContentStore> {
    const lean = setting.newStore();
    const options = { platform: AMD64, format: "erofs", compressed: "drop" } as const;
    await pullImage(setting.place(lean), setting.name("source:1"), options);
    return lean;
  }

  function imageIdOf(from: ContentStore): string {
    return JSON.parse(new TextDecoder().decode(from.readDocument(image))).config.digest;
  }
});

test.each([
  ["leave-out", 2],
  ["push", 3],
] as const)("layers that may not be passed on: %s", async (foreignLayers, blobs) => {
  const foreign = setting.layout.addBlob("a foreign layer", OCI_FOREIGN_LAYER);
  const layer = setting.layout.addBlob("a layer", OCI_LAYER);
  const config = setting.layout.addDocument({ foreignLayers }, "application/vnd.example.config");
  const top = setting.layout.addManifest(config, [
    { ...foreign, urls: ["https://nowhere.example/layer"] },
    layer,
  ]);
  setting.layout.setIndex([top]);
  setting.registry.content.addLayout("foreign", setting.layout.folder, foreignLayers);
  using own = setting.newStore();
  const place = setting.place(own);
  const name = setting.name(`foreign:${foreignLayers}`);
  await pullImage(place, name, { platform: AMD64, format: "directory" });
  const path = `foreign-${foreignLayers}`;
  await pushImage(place, top, setting.name(`${path}:1`), { platform: AMD64, foreignLayers });
  const pushed = setting.registry.content.repository(path);
  expect(pushed.manifests.get(top.digest)?.content).toEqual(own.readDocument(top));
  expect(pushed.blobs.size).toBe(blobs);
});
