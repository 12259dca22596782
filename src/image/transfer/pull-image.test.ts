import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Fault, FaultAction } from "../../../tools/testing/faulty-registry-faults.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { checkStore } from "../content/check.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageEvent } from "../image-event.ts";
import { type PullOptions, pullAllTags, pullImage, storedName } from "./pull-image.ts";
import { AMD64, damages, TransferSetting } from "./transfer.fixture.ts";

const OPTIONS: PullOptions = { platform: AMD64, format: "directory" };

let setting: TransferSetting;
let image: Descriptor;

beforeAll(async () => {
  setting = await TransferSetting.make();
  image = setting.addImage("app", "1");
});

afterAll(() => setting[Symbol.asyncDispose]());

beforeEach(() => setting.setFaults());

async function expectWhole(store: ContentStore): Promise<void> {
  expect(store.findName(setting.name("app:1"))?.digest).toBe(image.digest);
  expect(await checkStore(store)).toEqual([]);
}

describe("what goes wrong on the way once ends right", () => {
  const ACTIONS: readonly FaultAction[] = [
    { kind: "reset", afterBytes: -1 },
    { kind: "reset", afterBytes: 100 },
    { kind: "reset", afterBytes: 200_000 },
    { kind: "stall", afterBytes: -1 },
    { kind: "stall", afterBytes: 200_000 },
    { kind: "short", bytes: 10 },
    { kind: "length", value: 700_000 },
    { kind: "status", status: 500 },
    { kind: "status", status: 503, headers: { "Retry-After": "0" } },
    { kind: "status", status: 429, headers: { "Retry-After": "0" } },
  ];
  for (const on of ["manifest", "blob"] as const) {
    test.each(ACTIONS.map((action) => [JSON.stringify(action), action] as const))(
      `${on}: %s`,
      async (_, action) => {
        setting.setFaults({ on, times: 2, action });
        using store = setting.newStore();
        expect(await pullImage(setting.place(store), setting.name("app:1"), OPTIONS)).toMatchObject(
          {
            status: "updated",
            descriptor: { digest: image.digest },
          },
        );
        await expectWhole(store);
      },
    );
  }

  test("Range is ignored after a reset", async () => {
    setting.setFaults(
      { on: "blob", times: 1, action: { kind: "reset", afterBytes: 100_000 } },
      { on: "blob", action: { kind: "no-range" } },
    );
    using store = setting.newStore();
    const result = await pullImage(setting.place(store), setting.name("app:1"), OPTIONS);
    expect(result.descriptor).toEqual(image);
    await expectWhole(store);
  });
});

describe("what goes on being wrong is an error that says so, and the store stays sound", () => {
  const FAULTS: readonly (readonly [Fault, string])[] = [
    [{ on: "manifest", action: { kind: "status", status: 404 } }, "not-found"],
    [{ on: "manifest", action: { kind: "status", status: 500 } }, "unavailable"],
    [{ on: "manifest", action: { kind: "reset", afterBytes: -1 } }, "unavailable"],
    [{ on: "manifest", action: { kind: "garbage" } }, "unavailable"],
    [{ on: "manifest", action: { kind: "stall", afterBytes: -1 } }, "timeout"],
    [{ on: "manifest", method: "GET", action: { kind: "corrupt", at: 50 } }, "invalid-config"],
    [{ on: "manifest", action: { kind: "redirect", to: "{url}" } }, "unavailable"],
    [{ on: "blob", action: { kind: "status", status: 404 } }, "not-found"],
    [{ on: "blob", action: { kind: "status", status: 500 } }, "unavailable"],
    [{ on: "blob", action: { kind: "reset", afterBytes: 0 } }, "unavailable"],
    [{ on: "blob", action: { kind: "corrupt", at: 50 } }, "invalid-config"],
    [{ on: "blob", action: { kind: "redirect", to: "{url}" } }, "unavailable"],
    [{ on: "blob", action: { kind: "garbage" } }, "unavailable"],
  ];
  test.each(FAULTS.map(([fault, code]) => [JSON.stringify(fault), code, fault] as const))(
    "%s: %s",
    async (_, code, fault) => {
      setting.setFaults(fault);
      using store = setting.newStore();
      const place = setting.place(store);
      const failure: unknown = await pullImage(place, setting.name("app:1"), OPTIONS).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ name: "OcicatError", code });
      expect(store.names()).toEqual([]);
      expect(await damages(store)).toEqual([]);
      setting.setFaults();
      await pullImage(place, setting.name("app:1"), OPTIONS);
      await expectWhole(store);
    },
  );

  test("a failed pull leaves the name with what it led to", async () => {
    setting.addImage("moving", "1", 1);
    using store = setting.newStore();
    const place = setting.place(store);
    const before = await pullImage(place, setting.name("moving:1"), OPTIONS);
    setting.addImage("moving", "1", 2);
    setting.setFaults({ on: "blob", action: { kind: "status", status: 404 } });
    await expect(pullImage(place, setting.name("moving:1"), OPTIONS)).rejects.toThrow();
    expect(store.findName(setting.name("moving:1"))).toEqual(before.descriptor);
    setting.setFaults();
    const after = await pullImage(place, setting.name("moving:1"), OPTIONS);
    expect(after).toMatchObject({ status: "updated" });
    expect(store.names()).toEqual([
      { name: undefined, descriptor: before.descriptor },
      { name: setting.name("moving:1"), descriptor: after.descriptor },
    ]);
  });
});

describe("interrupted", () => {
  test("a pull that is cancelled ends so, and the next one goes on where it was", async () => {
    using store = setting.newStore();
    const controller = new AbortController();
    const options: PullOptions = {
      ...OPTIONS,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === "layer" && event.bytes > 200_000) {
          controller.abort();
        }
      },
    };
    const place = setting.place(store, controller.signal);
    setting.setFaults({ on: "blob", action: { kind: "stall", afterBytes: 300_000 } });
    const failure: unknown = await pullImage(place, setting.name("app:1"), options).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: "interrupted" });
    expect(await damages(store)).toEqual([]);
    setting.setFaults();
    const begin = setting.registry.requests.length;
    await pullImage(setting.place(store), setting.name("app:1"), OPTIONS);
    const ranges = setting.registry.requests
      .slice(begin)
      .flatMap(({ head }) => head.headers.get("range") ?? []);
    expect(ranges).toEqual([expect.stringMatching(/^bytes=[1-9]\d+-$/)]);
    await expectWhole(store);
  });

  test("the same image twice at once: each blob is asked for once", async () => {
    using store = setting.newStore();
    const place = setting.place(store);
    const begin = setting.registry.requests.length;
    const results = await Promise.all(
      [1, 2, 3].map(() => pullImage(place, setting.name("app:1"), OPTIONS)),
    );
    expect(results).toHaveLength(3);
    const blobs = setting.registry.requests
      .slice(begin)
      .flatMap(({ line }) => (/^GET .*\/blobs\//.test(line) ? [line] : []));
    const layers = blobs.filter((line) => !line.includes(configDigest(store)));
    expect(layers).toHaveLength(2);
    expect(new Set(layers).size).toBe(2);
    await expectWhole(store);
  });

  function configDigest(store: ContentStore): string {
    const text = new TextDecoder().decode(store.readDocument(image));
    return JSON.parse(text).config.digest;
  }
});

test("another platform than the wanted one is told, where there is no other", async () => {
  using store = setting.newStore();
  const place = setting.place(store);
  const notesFor = async (architecture: string) => {
    const options = { ...OPTIONS, platform: { os: "linux", architecture } };
    return (await pullImage(place, setting.name("app:1"), options)).notes;
  };
  expect(await notesFor("arm64")).toContain("the image is for linux/amd64, not for linux/arm64");
  expect(await notesFor("amd64")).not.toContainEqual(expect.stringContaining("the image is for"));
});

test("every tag of a repository", async () => {
  for (const [index, tag] of ["a", "b", "c"].entries()) {
    setting.addImage("tags", tag, index + 1);
  }
  using store = setting.newStore();
  const events: ImageEvent[] = [];
  const options = { ...OPTIONS, onEvent: (event: ImageEvent) => events.push(event) };
  const names: string[] = [];
  for await (const { name } of pullAllTags(setting.place(store), setting.name("tags"), options)) {
    names.push(name);
  }
  expect(names).toEqual(["a", "b", "c"].map((tag) => setting.name(`tags:${tag}`)));
  expect(events.filter(({ kind }) => kind === "resolved")).toHaveLength(3);
  expect(store.names().map(({ name }) => name)).toEqual(names);
});

test("the store's names", () => {
  const digest = `sha256:${"1".repeat(64)}` as const;
  const repository = { domain: "docker.io", path: "library/debian" };
  expect(storedName({ ...repository, tag: "12" })).toBe("docker.io/library/debian:12");
  expect(storedName({ ...repository, tag: "12", digest })).toBe(
    `docker.io/library/debian@${digest}`,
  );
});
