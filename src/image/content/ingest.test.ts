import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../../error/ocicat-error.ts";
import { hexOf } from "../../oci/digest.ts";
import type { IngestRequest } from "./ingest-request.ts";
import { chunksOf, contentOf, digestOf, layerDescriptor, TestStore } from "./store.fixture.ts";

const SIZE = 3_000_000;

let place: TestStore;
let staging = "";

beforeEach(() => {
  place = new TestStore();
  staging = join(place.root, "staging");
});

afterEach(() => {
  place[Symbol.dispose]();
});

/** What is in staging beside the store's own lease. */
function left(): string[] {
  return readdirSync(staging).filter((name) => !name.startsWith("lease-"));
}

/** Hands out the content up to a byte, then breaks off. */
async function* brokenOff(content: Uint8Array, offset: number, end: number) {
  yield* chunksOf(content.subarray(0, end), offset);
  throw new OcicatError("unavailable", {
    operation: "read",
    subject: "the source",
    reason: "connection reset",
  });
}

function ingest(content: Uint8Array, more: Partial<IngestRequest> = {}) {
  const descriptor = layerDescriptor(content);
  return place.content.ingest({ descriptor, open: (at) => chunksOf(content, at), ...more });
}

test.each(["sha256", "sha512"] as const)("a blob arrives whole: %s", async (algorithm) => {
  const content = contentOf(SIZE);
  const descriptor = layerDescriptor(content, algorithm);
  const chunks: Uint8Array[] = [];
  const progress: number[] = [];
  const request = {
    descriptor,
    open: (offset: number) => chunksOf(content, offset),
    onChunk: (chunk: Uint8Array) => {
      chunks.push(chunk);
    },
    onProgress: (bytes: number) => {
      progress.push(bytes);
    },
  };
  expect(await place.content.ingest(request)).toBe("new");
  expect(Buffer.concat(chunks).equals(content)).toBe(true);
  expect(progress.at(-1)).toBe(SIZE);
  const path = place.content.blobPath(descriptor.digest);
  expect(path).toBe(join(place.root, "blobs", algorithm, hexOf(descriptor.digest)));
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(left()).toEqual([]);
  const calls = chunks.length;
  expect(await place.content.ingest(request)).toBe("existed");
  expect(chunks).toHaveLength(calls);
});

test.each(["from a source", "of a file"] as const)(
  "the chunks of a large blob share a few buffers: %s",
  async (from) => {
    const content = contentOf(5_300_000);
    const buffers = new Set<ArrayBufferLike>();
    const taken = ingest(content, {
      ...(from === "of a file" && { localPath: localFile(content) }),
      onChunk: ({ buffer }) => {
        buffers.add(buffer);
      },
    });
    expect(await taken).toBe("new");
    expect(buffers.size).toBe(4);
  },
);

test("an empty blob", async () => {
  expect(await ingest(contentOf(0))).toBe("new");
  expect(place.content.blobSize(digestOf(contentOf(0)))).toBe(0);
});

test("what an interrupted download left is read again, then it goes on behind that", async () => {
  const content = contentOf(SIZE);
  const half = 1_700_001;
  const first = ingest(content, { open: (offset) => brokenOff(content, offset, half) });
  await expect(first).rejects.toThrow("read the source: connection reset");
  const [name = ""] = left();
  expect(name).toBe(`sha256-${hexOf(digestOf(content))}.partial`);
  expect(statSync(join(staging, name)).size).toBe(half);
  const offsets: number[] = [];
  const chunks: Uint8Array[] = [];
  const second = ingest(content, {
    open: (offset) => {
      offsets.push(offset);
      return chunksOf(content, offset);
    },
    onChunk: (chunk) => {
      chunks.push(chunk);
    },
  });
  expect(await second).toBe("new");
  expect(offsets).toEqual([half]);
  expect(Buffer.concat(chunks).equals(content)).toBe(true);
  expect(left()).toEqual([]);
});

test("wrong content is refused and leaves nothing", async () => {
  const content = contentOf(SIZE);
  const { digest } = layerDescriptor(content);
  const check = async (sent: Uint8Array, size: number, reason: string): Promise<void> => {
    const request = {
      descriptor: { digest, size },
      open: (offset: number) => chunksOf(sent, offset),
    };
    await expect(place.content.ingest(request)).rejects.toThrow(reason);
    expect(left()).toEqual([]);
    expect(place.content.blobSize(digest)).toBeUndefined();
  };
  await check(contentOf(SIZE, 2), SIZE, `verify the blob ${digest}: its digest is sha256:`);
  await check(content.subarray(0, -1), SIZE, `it ends after ${SIZE - 1} of ${SIZE} bytes`);
  await check(content, SIZE - 1, `it is longer than ${SIZE - 1} bytes`);
  await ingest(content);
  const smaller = { descriptor: { digest, size: 5 }, open: () => chunksOf(content) };
  await expect(place.content.ingest(smaller)).rejects.toThrow(
    `store the blob ${digest}: it has ${SIZE} bytes in the store, 5 by its descriptor`,
  );
});

test("a blob that was cut short on the disk is brought in again", async () => {
  const content = contentOf(SIZE);
  await ingest(content);
  truncateSync(place.content.blobPath(digestOf(content)), 1_000_000);
  expect(await ingest(content)).toBe("new");
  expect(place.content.blobSize(digestOf(content))).toBe(SIZE);
});

test("a beginning that was spoilt is found out and removed", async () => {
  const content = contentOf(SIZE);
  const { digest } = layerDescriptor(content);
  const partial = join(staging, `sha256-${hexOf(digest)}.partial`);
  writeFileSync(partial, contentOf(1_000_000, 7));
  await expect(ingest(content)).rejects.toThrow("verify the blob");
  expect(left()).toEqual([]);
  writeFileSync(partial, contentOf(SIZE + 1, 7));
  expect(await ingest(content)).toBe("new");
});

test("what takes the chunks may refuse them, slowly too", async () => {
  const content = contentOf(SIZE);
  const onChunk = async (): Promise<void> => {
    await Promise.resolve();
    throw new Error("not a tar archive");
  };
  await expect(ingest(content, { onChunk })).rejects.toThrow("not a tar archive");
  expect(left()).toEqual([]);
});

test("a cancelled download keeps what has come", async () => {
  const content = contentOf(SIZE);
  const controller = new AbortController();
  const first = ingest(content, {
    signal: controller.signal,
    onChunk: () => {
      controller.abort();
    },
  });
  await expect(first).rejects.toThrow("cancelled");
  expect(left()).toHaveLength(1);
  const offsets: number[] = [];
  await ingest(content, {
    open: (offset) => {
      offsets.push(offset);
      return chunksOf(content, offset);
    },
  });
  expect(offsets[0]).toBeGreaterThan(500_000);
});

test("one of several downloads a blob, the others wait and find it", async () => {
  const content = contentOf(SIZE);
  let opened = 0;
  let waited = 0;
  const results = await Promise.all(
    Array.from({ length: 4 }, () =>
      ingest(content, {
        open: (offset) => {
          opened += 1;
          return chunksOf(content, offset);
        },
        onWait: () => {
          waited += 1;
        },
      }),
    ),
  );
  expect(results.sort()).toEqual(["existed", "existed", "existed", "new"]);
  expect([opened, waited]).toEqual([1, 3]);
});

test("whoever waits can be cancelled", async () => {
  const content = contentOf(SIZE);
  const controller = new AbortController();
  const first = ingest(content, {
    onChunk: async () => {
      controller.abort();
      await expect(second).rejects.toThrow("cancelled");
    },
  });
  const second = ingest(content, { signal: controller.signal });
  expect(await first).toBe("new");
});

test("a size that can't be true is refused before anything is read", async () => {
  let opened = false;
  const request = {
    descriptor: { digest: digestOf(contentOf(1)), size: 2 ** 50 },
    open: () => {
      opened = true;
      return chunksOf(contentOf(1));
    },
  };
  await expect(place.content.ingest(request)).rejects.toThrow(
    /it needs 1125899906842624 bytes, the file system of the store has \d+ left/,
  );
  expect(opened).toBe(false);
  expect(left()).toEqual([]);
});

function localFile(content: Uint8Array): string {
  const path = join(place.folder, "blob");
  writeFileSync(path, content, { mode: 0o644 });
  return path;
}

test("a blob on the same file system is taken without copying it, and checked", async () => {
  const content = contentOf(SIZE);
  const localPath = localFile(content);
  const chunks: Uint8Array[] = [];
  const taken = ingest(content, {
    localPath,
    open: () => chunksOf(contentOf(SIZE, 9)),
    onChunk: (chunk) => {
      chunks.push(chunk);
    },
  });
  expect(await taken).toBe("new");
  expect(Buffer.concat(chunks).equals(content)).toBe(true);
  expect(readFileSync(place.content.blobPath(digestOf(content))).equals(content)).toBe(true);
  const wrong = join(place.folder, "wrong");
  writeFileSync(wrong, contentOf(SIZE, 5));
  await expect(ingest(contentOf(SIZE, 6), { localPath: wrong })).rejects.toThrow("verify");
  expect(readFileSync(wrong).equals(contentOf(SIZE, 5))).toBe(true);
  expect(left()).toEqual([]);
});

test("an inode that others may write to is never shared, nor one behind a link", async () => {
  const content = contentOf(SIZE);
  const localPath = localFile(content);
  chmodSync(localPath, 0o666);
  expect(await ingest(content, { localPath })).toBe("new");
  expect(statSync(localPath).nlink).toBe(1);
  const other = contentOf(SIZE, 2);
  const target = join(place.folder, "target");
  writeFileSync(target, other);
  symlinkSync(target, join(place.folder, "link"));
  expect(await ingest(other, { localPath: join(place.folder, "link") })).toBe("new");
  expect(statSync(target).nlink).toBe(1);
});

test("a beginning that shares its inode is not written to", async () => {
  const content = contentOf(SIZE);
  const foreign = join(place.folder, "foreign");
  writeFileSync(foreign, content.subarray(0, 1000));
  linkSync(foreign, join(staging, `sha256-${hexOf(digestOf(content))}.partial`));
  expect(await ingest(content)).toBe("new");
  expect(statSync(foreign).size).toBe(1000);
  expect(existsSync(place.content.blobPath(digestOf(content)))).toBe(true);
});
