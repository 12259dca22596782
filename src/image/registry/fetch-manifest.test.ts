// Manifests: what tags name, with every way to get it wrong.

import { expect, test } from "bun:test";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import type { FaultAction } from "../../../tools/testing/faulty-registry-faults.ts";
import { addSampleImage, failureOf, quickClient, retriesOf } from "./client.fixture.ts";

const OTHER_DIGEST = `sha256:${"0".repeat(64)}` as const;

test("a tag is resolved by HEAD alone; the content is verified", async () => {
  await using registry = await FaultyRegistry.start();
  const { reference, manifest } = addSampleImage(registry);
  const { client } = quickClient();
  expect(await client.resolve(reference)).toEqual(manifest);
  expect(registry.lines).toEqual(["HEAD /v2/app/manifests/1"]);
  const { descriptor, content } = await client.manifest(reference);
  expect(descriptor).toEqual(manifest);
  expect(content).toHaveLength(manifest.size);
  const accept = registry.requests.at(-1)?.head.headers.get("accept") ?? "";
  for (const type of [
    "oci.image.index.v1",
    "oci.image.manifest.v1",
    "distribution.manifest.list.v2",
    "distribution.manifest.v2",
  ]) {
    expect(accept).toContain(type);
  }
});

test("a digest goes before the tag beside it", async () => {
  await using registry = await FaultyRegistry.start();
  const { reference, manifest } = addSampleImage(registry);
  const { client } = quickClient();
  const named = { ...reference, tag: "wrong", digest: manifest.digest };
  expect(await client.resolve(named)).toEqual(manifest);
  expect((await client.manifest(named)).descriptor).toEqual(manifest);
  expect((await client.manifest(reference, manifest.digest)).descriptor).toEqual(manifest);
  expect((await failureOf(client.resolve({ ...reference, digest: OTHER_DIGEST }))).code).toBe(
    "not-found",
  );
});

const INCOMPLETE: readonly (readonly [string, FaultAction])[] = [
  ["no digest", { kind: "headers", headers: { "Docker-Content-Digest": "" } }],
  [
    "a digest that is none",
    { kind: "headers", headers: { "Docker-Content-Digest": "sha256:xyz" } },
  ],
  ["no type", { kind: "headers", headers: { "Content-Type": "" } }],
  [
    "a general type",
    { kind: "headers", headers: { "Content-Type": "application/json; charset=utf-8" } },
  ],
  ["405", { kind: "status", status: 405 }],
];

test.each(INCOMPLETE)("where HEAD answers with %s, GET tells", async (_, action) => {
  const fault = { on: "manifest", method: "HEAD", action } as const;
  await using registry = await FaultyRegistry.start({ faults: [fault] });
  const { reference, manifest } = addSampleImage(registry);
  expect(await quickClient().client.resolve(reference)).toEqual(manifest);
  expect(registry.lines).toEqual(["HEAD /v2/app/manifests/1", "GET /v2/app/manifests/1"]);
});

interface Wrong {
  readonly action: FaultAction;
  readonly code: string;
  readonly reason: RegExp;
  /** Attempts after the first. */
  readonly retries: number;
}

const typeOf = (type: string): FaultAction => ({
  kind: "headers",
  headers: { "Content-Type": type },
});
const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
const INDEX = "application/vnd.oci.image.index.v1+json";

const WRONG: Readonly<Record<string, Wrong>> = {
  damaged: {
    action: { kind: "corrupt", at: 30 },
    code: "invalid-config",
    reason: /sent content with the digest sha256:[0-9a-f]{64} instead of/,
    retries: 1,
  },
  "cut off": {
    action: { kind: "short", bytes: 1 },
    code: "invalid-config",
    reason: /sent content with the digest/,
    retries: 1,
  },
  "of another digest": {
    action: { kind: "headers", headers: { "Docker-Content-Digest": OTHER_DIGEST } },
    code: "invalid-config",
    reason: /instead of sha256:0000/,
    retries: 1,
  },
  endless: {
    action: { kind: "endless" },
    code: "exhausted",
    reason: /sends more than 4194304 bytes/,
    retries: 0,
  },
  "announced as huge": {
    action: { kind: "length", value: 5_000_000_000 },
    code: "exhausted",
    reason: /sends more than 4194304 bytes/,
    retries: 0,
  },
  stalled: {
    action: { kind: "stall", afterBytes: 10 },
    code: "timeout",
    reason: /sent no data/,
    retries: 1,
  },
  "slower than it may be": {
    action: { kind: "trickle", bytes: 20, everyMs: 150 },
    code: "timeout",
    reason: /the answer was not complete in 1\.5 s|sent no data for/,
    retries: 1,
  },
  "of schema 1": { action: typeOf(SCHEMA_1), code: "unsupported", reason: /schema 1/, retries: 0 },
  "called something else": {
    action: typeOf(INDEX),
    code: "invalid-config",
    reason: /the registry calls it .*index.* it calls itself .*manifest/,
    retries: 0,
  },
  missing: {
    action: { kind: "status", status: 404 },
    code: "not-found",
    reason: /does not have it \(404\): unknown \(UNKNOWN\)/,
    retries: 0,
  },
};

test.each(Object.entries(WRONG))("a manifest that is %s is refused", async (_, wrong) => {
  const { action, code, reason, retries } = wrong;
  const fault = { on: "manifest", method: "GET", action } as const;
  await using registry = await FaultyRegistry.start({ faults: [fault] });
  const { reference } = addSampleImage(registry);
  const { client, events } = quickClient({ limits: { attempts: 2, idleMs: 1000 } });
  const error = await failureOf(client.manifest(reference));
  expect(error.code).toBe(code as typeof error.code);
  expect(error.reason).toMatch(reason);
  expect(error.message).toStartWith(`fetch the manifest "1" of "${registry.domain}/app": `);
  expect(retriesOf(events)).toBe(retries);
});

test("damage that is over after a while does no harm", async () => {
  const action = { kind: "corrupt", at: 30 } as const;
  await using registry = await FaultyRegistry.start({
    faults: [{ on: "manifest", times: 2, action }],
  });
  const { reference, manifest } = addSampleImage(registry);
  expect((await quickClient().client.manifest(reference)).descriptor).toEqual(manifest);
});

test("a registry that resolves a digest to another one is refused", async () => {
  const action = { kind: "headers", headers: { "Docker-Content-Digest": OTHER_DIGEST } } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "manifest", action }] });
  const { reference, manifest } = addSampleImage(registry);
  const named = { ...reference, digest: manifest.digest };
  expect((await failureOf(quickClient().client.resolve(named))).code).toBe("invalid-config");
});

test.each([
  [{ schemaVersion: 1, fsLayers: [] }, "unsupported", "schema 1"],
  [new TextEncoder().encode("[]x"), "invalid-config", "neither an image manifest nor an index"],
  [new TextEncoder().encode("null"), "invalid-config", "neither an image manifest nor an index"],
])("a document %p is refused", async (document, code, reason) => {
  await using registry = await FaultyRegistry.start();
  registry.content.addManifest("app", "1", document);
  const reference = { domain: registry.domain, path: "app", tag: "1" };
  const error = await failureOf(quickClient().client.manifest(reference));
  expect(error.code).toBe(code as typeof error.code);
  expect(error.reason).toContain(reason);
});

test("a document without a type of its own has the one that the registry says, or what it looks like", async () => {
  const action = { kind: "headers", headers: { "Content-Type": "application/json" } } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "manifest", action }] });
  registry.content.addManifest("app", "index", { schemaVersion: 2, manifests: [] });
  registry.content.addManifest("app", "manifest", { schemaVersion: 2, config: {}, layers: [] });
  const { client } = quickClient();
  const resolvedType = async (tag: string) =>
    (await client.resolve({ domain: registry.domain, path: "app", tag })).mediaType;
  expect(await resolvedType("index")).toBe("application/vnd.oci.image.index.v1+json");
  expect(await resolvedType("manifest")).toBe("application/vnd.oci.image.manifest.v1+json");
  registry.plan.clear();
  expect(await resolvedType("manifest")).toBe("application/vnd.oci.image.manifest.v1+json");
});
