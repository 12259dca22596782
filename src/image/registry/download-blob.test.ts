// Downloads of blobs through everything that can happen to them.

import { expect, test } from "bun:test";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import type { FaultAction } from "../../../tools/testing/faulty-registry-faults.ts";
import {
  addSampleImage,
  collect,
  failureOf,
  LAYER_BYTES,
  quickClient,
  retriesOf,
} from "./client.fixture.ts";

/** Ranges of the requests for blobs. */
function rangesOf(registry: FaultyRegistry): (string | undefined)[] {
  const blobs = registry.requests.filter(({ line }) => line.includes("/blobs/"));
  return blobs.map(({ head }) => head.headers.get("range"));
}

const SURVIVED: readonly (readonly [string, FaultAction, number])[] = [
  ["a reset in the middle", { kind: "reset", afterBytes: 300_000 }, 2],
  ["a reset before the head", { kind: "reset", afterBytes: -1 }, 2],
  ["a reset at the first byte", { kind: "reset", afterBytes: 0 }, 2],
  ["a reset before the last byte", { kind: "reset", afterBytes: LAYER_BYTES - 1 }, 1],
  ["a close in the middle", { kind: "cut", afterBytes: 300_000 }, 2],
  ["a stall in the middle", { kind: "stall", afterBytes: 400_000 }, 1],
  ["a stall before the head", { kind: "stall", afterBytes: -1 }, 1],
  ["a body that ends too early", { kind: "short", bytes: 1000 }, 1],
  ["a body of another length than promised", { kind: "length", value: LAYER_BYTES + 5 }, 1],
  ["a Content-Length that is too small", { kind: "length", value: 10 }, 1],
  ["too many requests", { kind: "status", status: 429, headers: { "Retry-After": "0" } }, 2],
  ["500", { kind: "status", status: 500 }, 2],
  ["502 without a document", { kind: "status", status: 502, body: "<html>" }, 2],
  [
    "503 with a date",
    { kind: "status", status: 503, headers: { "Retry-After": new Date().toUTCString() } },
    2,
  ],
  ["what is no HTTP", { kind: "garbage" }, 1],
];

test.each(SURVIVED)("the blob comes whole through %s", async (_, action, times) => {
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", times, action }] });
  const { reference, layer, layerContent } = addSampleImage(registry);
  const { client, events } = quickClient();
  const content = await collect(client.blob(reference, layer, 0));
  expect(Buffer.compare(content, layerContent)).toBe(0);
  expect(rangesOf(registry)).toHaveLength(times + 1);
  // fetch itself repeats a request for which a kept connection had no answer.
  expect(retriesOf(events)).toBeLessThanOrEqual(times);
});

const FATAL: readonly (readonly [string, FaultAction, string, RegExp])[] = [
  ["resets", { kind: "reset", afterBytes: 0 }, "unavailable", /closed the connection/],
  ["stalls", { kind: "stall", afterBytes: 0 }, "timeout", /sent no data for 1 s/],
  ["no answers", { kind: "stall", afterBytes: -1 }, "timeout", /no answer from .* in 2 s/],
  [
    "wrong lengths",
    { kind: "length", value: LAYER_BYTES + 1 },
    "invalid-config",
    /offers 1000001 bytes instead of 1000000/,
  ],
  [
    "a limited rate",
    { kind: "status", status: 429 },
    "exhausted",
    /limits the rate of requests \(429\): unknown \(UNKNOWN\)/,
  ],
  ["503", { kind: "status", status: 503 }, "unavailable", /answered with status 503/],
  ["no HTTP", { kind: "garbage" }, "unavailable", /did not answer|closed the connection/],
];

test.each(FATAL)("%s without end are given up", async (_, action, code, reason) => {
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client, events } = quickClient({ limits: { attempts: 2 } });
  const error = await failureOf(collect(client.blob(reference, layer, 0)));
  expect(error.code).toBe(code as typeof error.code);
  expect(error.message).toStartWith(`fetch the blob ${layer.digest} of "${registry.domain}/app": `);
  expect(error.reason).toMatch(reason);
  expect(retriesOf(events)).toBe(1);
});

test.each<[string, FaultAction]>([
  ["is too long", { kind: "long", bytes: 1 }],
  ["never ends", { kind: "endless" }],
])("a body that %s is refused at once", async (_, action) => {
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client, events } = quickClient();
  const error = await failureOf(collect(client.blob(reference, layer, 0)));
  expect(error.code).toBe("invalid-config");
  expect(error.reason).toBe(`"${registry.domain}" sends more than the blob's size`);
  expect(retriesOf(events)).toBe(0);
});

test.each([404, 403, 400, 418])("status %p is not tried again", async (status) => {
  const action = { kind: "status", status } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client, events } = quickClient();
  await failureOf(collect(client.blob(reference, layer, 0)));
  expect(retriesOf(events)).toBe(0);
});

test("a broken download goes on where it stopped, as long as there is progress", async () => {
  let received = 0;
  let expected = 0;
  const arrived = async () => {
    expected += 100_000;
    while (received < expected) {
      await Bun.sleep(1);
    }
  };
  const action = { kind: "cut", afterBytes: 100_000, when: arrived } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer, layerContent } = addSampleImage(registry);
  const { client, events } = quickClient();
  for await (const chunk of client.blob(reference, layer, 0)) {
    const there = layerContent.subarray(received, received + chunk.length);
    expect(Buffer.compare(chunk, there)).toBe(0);
    received += chunk.length;
  }
  expect(received).toBe(LAYER_BYTES);
  // More failures than a request without progress may have.
  expect(retriesOf(events)).toBe(9);
  expect(rangesOf(registry).slice(0, 3)).toEqual([undefined, "bytes=100000-", "bytes=200000-"]);
});

test("a few bytes at a time are no progress", async () => {
  const action = { kind: "reset", afterBytes: 1 } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client } = quickClient();
  expect((await failureOf(collect(client.blob(reference, layer, 0)))).code).toBe("unavailable");
});

test("a trickle of bytes is a stall", async () => {
  const action = { kind: "trickle", bytes: 1, everyMs: 50 } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client } = quickClient({ limits: { idleMs: 300, attempts: 2 } });
  expect((await failureOf(collect(client.blob(reference, layer, 0)))).code).toBe("timeout");
});

test("a slow connection that does move is none", async () => {
  const action = { kind: "trickle", bytes: 100_000, everyMs: 50 } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer, layerContent } = addSampleImage(registry);
  const { client } = quickClient();
  const content = await collect(client.blob(reference, layer, 0));
  expect(Buffer.compare(content, layerContent)).toBe(0);
});

test("an offset is asked for by Range, and skipped where that is not known", async () => {
  await using registry = await FaultyRegistry.start();
  const { reference, layer, layerContent } = addSampleImage(registry);
  const { client } = quickClient();
  const rest = layerContent.subarray(123_456);
  expect(Buffer.compare(await collect(client.blob(reference, layer, 123_456)), rest)).toBe(0);
  expect(rangesOf(registry)).toEqual(["bytes=123456-"]);

  registry.plan.add({ on: "blob", action: { kind: "no-range" } });
  expect(Buffer.compare(await collect(client.blob(reference, layer, 123_456)), rest)).toBe(0);
  expect(await collect(client.blob(reference, layer, LAYER_BYTES))).toHaveLength(0);
  expect(rangesOf(registry)).toHaveLength(2);
});

test("another range than the one asked for is not taken", async () => {
  const action = { kind: "wrong-range" } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", times: 1, action }] });
  const { reference, layer, layerContent } = addSampleImage(registry);
  const { client, events } = quickClient();
  const content = await collect(client.blob(reference, layer, 1000));
  expect(Buffer.compare(content, layerContent.subarray(1000))).toBe(0);
  expect(retriesOf(events)).toBe(1);
});

test("an interruption ends a download, and the slot is free again", async () => {
  const action = { kind: "stall", afterBytes: 500_000 } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", times: 1, action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client } = quickClient({ parallelBlobs: 1, limits: { idleMs: 60_000 } });
  const ending = new AbortController();
  const reading = async () => {
    for await (const _ of client.blob(reference, layer, 0, ending.signal)) {
      ending.abort();
    }
  };
  expect((await failureOf(reading())).code).toBe("interrupted");
  expect(await collect(client.blob(reference, layer, 0))).toHaveLength(LAYER_BYTES);
});

test("an interruption ends a wait between two attempts", async () => {
  const busy = { kind: "status", status: 503, headers: { "Retry-After": "3600" } } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action: busy }] });
  const { reference, layer } = addSampleImage(registry);
  const ending = new AbortController();
  const onEvent = () => ending.abort();
  const { client } = quickClient({ onEvent, limits: { longestWaitMs: 3_600_000 } });
  const reading = collect(client.blob(reference, layer, 0, ending.signal));
  expect((await failureOf(reading)).code).toBe("interrupted");
});

test("who leaves a download early gives its slot back", async () => {
  await using registry = await FaultyRegistry.start();
  const { reference, layer } = addSampleImage(registry);
  const { client } = quickClient({ parallelBlobs: 1 });
  for await (const chunk of client.blob(reference, layer, 0)) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(await collect(client.blob(reference, layer, 0))).toHaveLength(LAYER_BYTES);
});

test("no more blobs than allowed are under way", async () => {
  await using registry = await FaultyRegistry.start();
  const { reference, layer } = addSampleImage(registry);
  const { client } = quickClient({ parallelBlobs: 2 });
  let underWay = 0;
  let most = 0;
  const download = async () => {
    let isFirst = true;
    for await (const _ of client.blob(reference, layer, 0)) {
      underWay += isFirst ? 1 : 0;
      isFirst = false;
      most = Math.max(most, underWay);
    }
    underWay -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, download));
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2);
});

test("a foreign layer that the registry does not have comes from its addresses", async () => {
  await using registry = await FaultyRegistry.start();
  await using elsewhere = await FaultyRegistry.start({
    auth: { kind: "basic", username: "a", password: "b" },
  });
  const content = new TextEncoder().encode("a foreign layer");
  const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  const described = elsewhere.content.addBlob("x", content, mediaType);
  const url = `${elsewhere.origin}/v2/x/blobs/${described.digest}`;
  const descriptor = { ...described, urls: ["ftp://nowhere.example/", url] };
  const reference = { domain: registry.domain, path: "app" };
  const { client } = quickClient();
  // Nobody answers a stranger's question for a password.
  const refused = await failureOf(collect(client.blob(reference, descriptor, 0)));
  expect(refused.code).toBe("permission-denied");
  expect(elsewhere.lines).toHaveLength(1);

  await using open = await FaultyRegistry.start();
  open.content.addBlob("x", content, mediaType);
  const usable = `${open.origin}/v2/x/blobs/${described.digest}`;
  const urls = [url, usable];
  expect(await collect(client.blob(reference, { ...described, urls }, 2))).toEqual(
    content.subarray(2),
  );
  const ordinary = { ...described, mediaType: "application/vnd.oci.image.layer.v1.tar", urls };
  expect((await failureOf(collect(client.blob(reference, ordinary, 0)))).code).toBe("not-found");
});
