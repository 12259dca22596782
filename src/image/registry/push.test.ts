// Pushing: uploads in one or several requests through failures, mounts, manifests, referrers; deletion.

import { expect, test } from "bun:test";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import type { FaultAction } from "../../../tools/testing/faulty-registry-faults.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { UploadSource } from "./begin-upload.ts";
import { failureOf, quickClient, retriesOf } from "./client.fixture.ts";
import { digestOf } from "./fetch-manifest.ts";

const CONTENT = new Uint8Array(500_000).map((_, index) => index * 3 + (index >> 9));
const LAYER: Descriptor = {
  mediaType: "application/vnd.oci.image.layer.v1.tar",
  digest: digestOf(CONTENT, "sha256"),
  size: CONTENT.length,
};
const PIECE = 64 * 1024;

interface WatchedSource extends UploadSource {
  readonly offsets: number[];
  readonly progress: number[];
}

function source(): WatchedSource {
  const offsets: number[] = [];
  const progress: number[] = [];
  return {
    descriptor: LAYER,
    offsets,
    progress,
    async *open(offset) {
      offsets.push(offset);
      for (let from = offset; from < CONTENT.length; from += PIECE) {
        yield CONTENT.subarray(from, Math.min(from + PIECE, CONTENT.length));
      }
    },
    onProgress: (bytes) => void progress.push(bytes),
  };
}

function stored(registry: FaultyRegistry, path = "app"): boolean {
  const content = registry.content.repository(path).blobs.get(LAYER.digest);
  return content !== undefined && Buffer.compare(content, CONTENT) === 0;
}

function repositoryOf(registry: FaultyRegistry) {
  return { domain: registry.domain, path: "app" };
}

test("a blob is uploaded in one request, whose address stays as the registry wrote it", async () => {
  await using registry = await FaultyRegistry.start();
  const { client } = quickClient();
  const upload = source();
  expect(await client.hasBlob(repositoryOf(registry), LAYER.digest)).toBe(false);
  await client.uploadBlob(repositoryOf(registry), upload);
  expect(stored(registry)).toBe(true);
  expect(await client.hasBlob(repositoryOf(registry), LAYER.digest)).toBe(true);
  expect(registry.lines).toEqual([
    `HEAD /v2/app/blobs/${LAYER.digest}`,
    "POST /v2/app/blobs/uploads/",
    "PUT /v2/app/blobs/uploads/upload-1",
    `HEAD /v2/app/blobs/${LAYER.digest}`,
  ]);
  expect(upload.progress.at(-1)).toBe(CONTENT.length);
  expect(upload.progress).toEqual(upload.progress.toSorted((left, right) => left - right));
});

const UPLOAD_FAULTS: readonly (readonly [string, string, FaultAction])[] = [
  ["a connection that breaks", "PUT", { kind: "cut-upload", afterBytes: 200_000 }],
  ["no answer", "PUT", { kind: "stall", afterBytes: -1 }],
  ["500", "PUT", { kind: "status", status: 500 }],
  ["429", "POST", { kind: "status", status: 429, headers: { "Retry-After": "0" } }],
  [
    "another digest",
    "PUT",
    { kind: "headers", headers: { "Docker-Content-Digest": `sha256:${"1".repeat(64)}` } },
  ],
];

test.each(UPLOAD_FAULTS)("an upload in one request survives %s", async (_, method, action) => {
  const faults = [{ on: "upload", method, times: 2, action }] as const;
  await using registry = await FaultyRegistry.start({ faults });
  const { client, events } = quickClient();
  const upload = source();
  await client.uploadBlob(repositoryOf(registry), upload);
  expect(stored(registry)).toBe(true);
  expect(retriesOf(events)).toBe(2);
});

test("an empty blob is a blob", async () => {
  await using registry = await FaultyRegistry.start();
  const digest = digestOf(new Uint8Array(), "sha256");
  const descriptor = { ...LAYER, digest, size: 0 };
  const { client } = quickClient();
  await client.uploadBlob(repositoryOf(registry), { descriptor, async *open() {} });
  expect(registry.content.repository("app").blobs.has(digest)).toBe(true);
});

test("an upload can come from the same registry, with one transfer at a time", async () => {
  await using registry = await FaultyRegistry.start();
  registry.content.addBlob("base", CONTENT, LAYER.mediaType);
  const { client } = quickClient({ parallelBlobs: 1 });
  const base = { domain: registry.domain, path: "base" };
  const upload = { descriptor: LAYER, open: (offset: number) => client.blob(base, LAYER, offset) };
  await client.uploadBlob(repositoryOf(registry), upload);
  expect(stored(registry)).toBe(true);
});

test("an upload that goes on failing is given up", async () => {
  const action = { kind: "cut-upload", afterBytes: 1000 } as const;
  await using registry = await FaultyRegistry.start({
    faults: [{ on: "upload", method: "PUT", action }],
  });
  const { client, events } = quickClient();
  const error = await failureOf(client.uploadBlob(repositoryOf(registry), source()));
  expect(error.code).toBe("unavailable");
  expect(error.message).toStartWith(`push the blob ${LAYER.digest} of "${registry.domain}/app": `);
  expect(retriesOf(events)).toBe(3);
});

test("an upload whose source fails is not tried again", async () => {
  await using registry = await FaultyRegistry.start();
  const { client, events } = quickClient();
  const upload: UploadSource = {
    descriptor: LAYER,
    async *open() {
      yield CONTENT.subarray(0, 1000);
      throw new Error("the disk is gone");
    },
  };
  const error = await failureOf(client.uploadBlob(repositoryOf(registry), upload));
  expect(error.message).toBe("read what is to be uploaded: the disk is gone");
  expect(events).toEqual([]);
});

test("an expired token is replaced in the middle of a push", async () => {
  const auth = { kind: "bearer", username: "a", password: "b", uses: 1 } as const;
  await using registry = await FaultyRegistry.start({ auth });
  const credential = { kind: "password", username: "a", password: "b" } as const;
  const { client } = quickClient({ credentials: { find: () => Promise.resolve(credential) } });
  await client.uploadBlob(repositoryOf(registry), source());
  expect(stored(registry)).toBe(true);
});

test("chunks have the size that is asked for, or that the registry demands", async () => {
  await using registry = await FaultyRegistry.start({ chunkBytesMin: 200_000 });
  const { client } = quickClient({ limits: { chunkBytes: 100_000 } });
  const upload = source();
  await client.uploadBlob(repositoryOf(registry), upload);
  expect(stored(registry)).toBe(true);
  const ranges = registry.requests.map(({ head }) => head.headers.get("content-range"));
  expect(ranges.filter((range) => range !== undefined)).toEqual([
    "0-199999",
    "200000-399999",
    "400000-499999",
  ]);
  expect(upload.progress.at(-1)).toBe(CONTENT.length);
});

test("what is too much for one request goes by chunks, as large as they may be", async () => {
  const tooLarge = { kind: "status", status: 413 } as const;
  const faults = [
    { on: "upload", method: "PUT", times: 1, action: tooLarge },
    { on: "upload", method: "PATCH", times: 1, action: tooLarge },
  ] as const;
  await using registry = await FaultyRegistry.start({ faults });
  const { client, events } = quickClient();
  await client.uploadBlob(repositoryOf(registry), source());
  expect(stored(registry)).toBe(true);
  const ranges = registry.requests.map(({ head }) => head.headers.get("content-range"));
  // This registry has kept what it refused, and says so when it is asked how far it got.
  expect(ranges.filter((range) => range !== undefined)).toEqual([
    "0-249999",
    "250000-374999",
    "375000-499999",
  ]);
  expect(retriesOf(events)).toBe(0);
});

test("a registry to which every chunk is too much is given up", async () => {
  const action = { kind: "status", status: 413 } as const;
  await using registry = await FaultyRegistry.start({
    faults: [
      { on: "upload", method: "PUT", action },
      { on: "upload", method: "PATCH", action },
    ],
  });
  const error = await failureOf(quickClient().client.uploadBlob(repositoryOf(registry), source()));
  expect(error.reason).toContain("answered with status 413");
});

const CHUNK_FAULTS: readonly (readonly [string, FaultAction])[] = [
  ["a connection that breaks", { kind: "cut-upload", afterBytes: 60_000 }],
  ["an answer that does not come", { kind: "stall", afterBytes: -1 }],
  ["500", { kind: "status", status: 500 }],
  ["416", { kind: "status", status: 416 }],
];

test.each(CHUNK_FAULTS)("an upload by chunks goes on after %s where it was", async (_, action) => {
  const faults = [{ on: "upload", method: "PATCH", skip: 2, times: 2, action }] as const;
  await using registry = await FaultyRegistry.start({ faults });
  const { client } = quickClient({ limits: { chunkBytes: 100_000 } });
  const upload = source();
  await client.uploadBlob(repositoryOf(registry), upload);
  expect(stored(registry)).toBe(true);
  expect(registry.lines.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  expect(upload.offsets.filter((offset) => offset === 0)).toHaveLength(1);
});

test("an upload that the registry has forgotten begins anew", async () => {
  const gone = { kind: "status", status: 404 } as const;
  const faults = [
    { on: "upload", method: "PATCH", skip: 2, times: 1, action: gone },
    { on: "upload", method: "GET", times: 1, action: gone },
  ] as const;
  await using registry = await FaultyRegistry.start({ faults });
  const { client } = quickClient({ limits: { chunkBytes: 100_000 } });
  await client.uploadBlob(repositoryOf(registry), source());
  expect(stored(registry)).toBe(true);
  expect(registry.lines.filter((line) => line.startsWith("POST"))).toHaveLength(2);
});

test("chunks that never arrive are given up", async () => {
  const action = { kind: "headers", headers: { Range: "0-0" } } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "upload", action }] });
  const { client } = quickClient({ limits: { chunkBytes: 100_000 } });
  const error = await failureOf(client.uploadBlob(repositoryOf(registry), source()));
  expect(error.reason).toContain("does not go on with the upload");
});

test("a blob of another repository is mounted, if it may be", async () => {
  await using registry = await FaultyRegistry.start();
  registry.content.addBlob("base/image", CONTENT, LAYER.mediaType);
  const { client } = quickClient();
  const target = repositoryOf(registry);
  expect(await client.mountBlob(target, LAYER.digest, "base/image")).toBe(true);
  expect(stored(registry)).toBe(true);
  expect(await client.mountBlob(target, `sha256:${"0".repeat(64)}`, "base/image")).toBe(false);
  expect(registry.lines.at(-1)).toBe("DELETE /v2/app/blobs/uploads/upload-1");
  registry.plan.add({ on: "upload", action: { kind: "status", status: 403 } });
  expect(await client.mountBlob(target, LAYER.digest, "base/image")).toBe(false);
});

test.each([
  ["", "does not say where the upload goes on"],
  ["http://[", "does not say where the upload goes on"],
  ["ftp://x/y", "sends the upload to where it would not be safe"],
])("an upload to %p is refused", async (location, reason) => {
  const action = { kind: "headers", headers: { Location: location } } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "upload", action }] });
  const error = await failureOf(quickClient().client.uploadBlob(repositoryOf(registry), source()));
  expect(error.reason).toContain(reason);
});

test("an upload that goes on at another host gets no password there", async () => {
  await using storage = await FaultyRegistry.start();
  const action = {
    kind: "headers",
    headers: { Location: `${storage.origin}/elsewhere?signed=a%2Fb` },
  } as const;
  const faults = [{ on: "upload", method: "POST", action }] as const;
  const auth = { kind: "basic", username: "a", password: "b" } as const;
  await using registry = await FaultyRegistry.start({ auth, faults });
  storage.plan.add({ on: "other", action: { kind: "status", status: 201 } });
  const credential = { kind: "password", username: "a", password: "b" } as const;
  const { client } = quickClient({ credentials: { find: () => Promise.resolve(credential) } });
  await client.uploadBlob(repositoryOf(registry), source());
  const [request] = storage.requests;
  expect(request?.head.headers.get("authorization")).toBeUndefined();
  expect(request?.head.query.get("signed")).toBe("a/b");
  expect(storage.receivedBytes).toBe(CONTENT.length);
});

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

function artifact(type: string, subject: Descriptor) {
  const config = { mediaType: "application/vnd.oci.empty.v1+json", digest: LAYER.digest, size: 2 };
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: type,
    config,
    layers: [],
    subject,
    annotations: { of: type },
  };
  return { content: new TextEncoder().encode(JSON.stringify(document)), mediaType: MANIFEST };
}

/** "app:1", pushed by the client. */
async function pushSubject(registry: FaultyRegistry): Promise<Descriptor> {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: LAYER, layers: [] });
  const content = new TextEncoder().encode(text);
  const named = { ...repositoryOf(registry), tag: "1" };
  const digest = await quickClient().client.putManifest(named, { content, mediaType: MANIFEST });
  return { mediaType: MANIFEST, digest, size: content.length };
}

test("a manifest is pushed under its tag or its digest, and comes back the same", async () => {
  await using registry = await FaultyRegistry.start();
  const subject = await pushSubject(registry);
  const { client } = quickClient();
  expect(await client.resolve({ ...repositoryOf(registry), tag: "1" })).toEqual(subject);
  const pushed = artifact("a/b", subject);
  const digest = await client.putManifest(repositoryOf(registry), pushed);
  expect((await client.manifest(repositoryOf(registry), digest)).content).toEqual(pushed.content);
  const wrong = { ...repositoryOf(registry), digest: subject.digest };
  expect((await failureOf(client.putManifest(wrong, pushed))).code).toBe("invalid-argument");
});

test("a registry that claims to have stored something else is not believed", async () => {
  const headers = { "Docker-Content-Digest": `sha256:${"1".repeat(64)}` };
  const faults = [{ on: "manifest", method: "PUT", action: { kind: "headers", headers } }] as const;
  await using registry = await FaultyRegistry.start({ faults });
  expect((await failureOf(pushSubject(registry))).reason).toContain('stored it as "sha256:1111');
});

test.each([true, false])("referrers are listed (by the registry itself: %p)", async (referrers) => {
  await using registry = await FaultyRegistry.start({ referrers, pageSize: 2 });
  const subject = await pushSubject(registry);
  const repository = repositoryOf(registry);
  const { client } = quickClient();
  expect(await client.referrers(repository, subject.digest)).toEqual([]);
  const digests: Digest[] = [];
  for (const type of ["test/sbom", "test/signature", "test/other"]) {
    digests.push(await client.putManifest(repository, artifact(type, subject)));
  }
  await client.putManifest(repository, artifact("test/sbom", subject));
  const found = await client.referrers(repository, subject.digest);
  expect(found.map(({ digest }) => digest)).toEqual(digests);
  expect(found[0]).toMatchObject({ artifactType: "test/sbom", annotations: { of: "test/sbom" } });
  const signatures = await client.referrers(repository, subject.digest, "test/signature");
  const [first, second, third] = digests;
  expect(signatures.map(({ digest }) => digest)).toEqual(digests.slice(1, 2));

  await client.deleteManifest(repository, second ?? subject.digest);
  const left = await client.referrers(repository, subject.digest);
  expect(left.map(({ digest }) => digest)).toEqual(
    [first, third].filter((each) => each !== undefined),
  );
  const tags = await Array.fromAsync(client.tags(repository));
  expect(tags).toHaveLength(referrers ? 1 : 2);
});

test("two who change the list of referrers at once do not lose an entry", async () => {
  await using registry = await FaultyRegistry.start({ referrers: false });
  const subject = await pushSubject(registry);
  const repository = repositoryOf(registry);
  await quickClient().client.putManifest(repository, artifact("test/first", subject));
  const pushes = ["test/a", "test/b"].map((type) =>
    quickClient().client.putManifest(repository, artifact(type, subject)),
  );
  await Promise.all(pushes);
  expect(await quickClient().client.referrers(repository, subject.digest)).toHaveLength(3);
});

test("tags, manifests and blobs are deleted where that is allowed", async () => {
  await using registry = await FaultyRegistry.start({ deletesTags: true });
  const subject = await pushSubject(registry);
  registry.content.addBlob("app", CONTENT, LAYER.mediaType);
  const repository = repositoryOf(registry);
  const { client } = quickClient();
  await client.deleteTag(repository, "1");
  expect(await Array.fromAsync(client.tags(repository))).toEqual([]);
  await client.deleteManifest(repository, subject.digest);
  expect((await failureOf(client.deleteManifest(repository, subject.digest))).code).toBe(
    "not-found",
  );
  await client.deleteBlob(repository, LAYER.digest);
  expect(await client.hasBlob(repository, LAYER.digest)).toBe(false);

  await using strict = await FaultyRegistry.start();
  await pushSubject(strict);
  const error = await failureOf(client.deleteTag(repositoryOf(strict), "1"));
  expect(error.code).toBe("unsupported");
  expect(error.message).toStartWith(
    `delete "1" from "${strict.domain}/app": the registry does not do that: `,
  );
});
