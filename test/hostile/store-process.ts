// What a store goes through, in a process of its own, which a test has killed at a point:
//
//   bun store-process.ts '{"root":"/tmp/store","killAtCall":17}'
//
// Brings two images in, gives a name to one and moves it to the other, removes, collects, lists. It can be
// done again after any part of it. Exits with 0 and the number of system calls when it is done.

import { O_CREAT, O_WRONLY } from "../../src/abi/file.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { listImages } from "../../src/image/content/image-list.ts";
import { chainIds } from "../../src/image/layers/chain-id.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-types.ts";
import { lock } from "../../src/store/lock.ts";
import { removeTree } from "../../src/store/remove-tree.ts";
import { checked, observeCalls } from "../../src/sys/call.ts";
import { OwnedFd, openAt, renameAt, statAt, tryMkdirAt, writeAll } from "../../src/sys/file.ts";
import { bytes, encodeText } from "../../src/sys/memory.ts";

export interface StoreRequest {
  readonly root: string;
  /** SIGKILL before this system call of this process: 1 is the first. */
  readonly killAtCall?: number;
  /** Again and again, until it is killed. */
  readonly repeat?: boolean;
}

export const MOVED_NAME = "localhost/moved:1";
export const OTHER_NAME = "localhost/other:1";

const LAYER_BYTES = 300_000;
const CHUNK_BYTES = 40_000;

function layerOf(seed: number): Uint8Array<ArrayBuffer> {
  const content = bytes(LAYER_BYTES);
  for (let index = 0; index < LAYER_BYTES; index += 1) {
    content[index] = (index * seed + (index >> 8)) & 0xff;
  }
  return content;
}

async function* chunksOf(content: Uint8Array, offset: number): AsyncGenerator<Uint8Array, void> {
  for (let at = offset; at < content.length; at += CHUNK_BYTES) {
    await Promise.resolve();
    yield content.subarray(at, at + CHUNK_BYTES);
  }
}

async function bringLayerIn(store: ContentStore, seed: number): Promise<Descriptor> {
  const content = layerOf(seed);
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}` as const;
  const descriptor = { mediaType: OCI_LAYER_GZIP, digest, size: content.length };
  await store.ingest({ descriptor, open: (offset) => chunksOf(content, offset) });
  return descriptor;
}

async function bringImageIn(store: ContentStore, seeds: readonly number[]): Promise<Descriptor> {
  const write = (document: unknown, mediaType: string): Descriptor =>
    store.writeDocument(encodeText(JSON.stringify(document)), mediaType);
  const layers = await Promise.all(seeds.map((seed) => bringLayerIn(store, seed)));
  const diffIds = layers.map(({ digest }) => digest);
  for (const [index, diffId] of chainIds(diffIds).entries()) {
    await makeFolder(store, `sha256-${diffId.slice("sha256:".length)}`, index);
  }
  const config = write(
    { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: diffIds } },
    OCI_CONFIG,
  );
  return write({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, OCI_MANIFEST);
}

/** As an unpacked layer is made: in staging, under its lock. */
async function makeFolder(store: ContentStore, name: string, depth: number): Promise<void> {
  const stagingFd = store.folders.staging.number;
  const layersFd = store.folders.layers.number;
  using _held = await lock(stagingFd, `${name}.lock`);
  if (statAt(layersFd, name) !== undefined) {
    return;
  }
  removeTree(stagingFd, name);
  for (const path of [
    "",
    "/fs",
    ...Array.from({ length: depth + 5 }, (_, index) => `/fs/${index}`),
  ]) {
    checked(tryMkdirAt(stagingFd, name + path, 0o700), "make", name);
  }
  const flags = O_WRONLY | O_CREAT;
  using description = new OwnedFd(openAt(stagingFd, `${name}/layer.json`, flags, 0o600));
  writeAll(description.number, encodeText("{}"), name);
  renameAt(stagingFd, name, layersFd, name);
}

/** Afterwards MOVED_NAME and OTHER_NAME lead to images, and nothing else is in the store. */
export async function useStore(root: string): Promise<void> {
  {
    using store = new ContentStore(root);
    const first = await bringImageIn(store, [3, 5]);
    await store.setName(MOVED_NAME, first);
    const second = await bringImageIn(store, [5, 7]);
    await store.setName(OTHER_NAME, second);
    await store.setName(MOVED_NAME, second);
    listImages(store);
    await store.removeDescriptors(first.digest);
  }
  using store = new ContentStore(root);
  await collectGarbage(store);
  await store.removeName(OTHER_NAME);
  const third = await bringImageIn(store, [7]);
  await store.setName(OTHER_NAME, third);
  listImages(store);
}

async function main({ root, killAtCall, repeat }: StoreRequest): Promise<void> {
  let callCount = 0;
  observeCalls((sequenceNumber) => {
    callCount = sequenceNumber;
    if (sequenceNumber === killAtCall) {
      process.kill(process.pid, "SIGKILL");
    }
  });
  do {
    await useStore(root);
  } while (repeat === true);
  await Bun.write(Bun.stdout, String(callCount));
}

if (import.meta.main) {
  try {
    await main(JSON.parse(process.argv[2] ?? ""));
  } catch (error) {
    await Bun.write(Bun.stdout, String(error));
    process.exitCode = 1;
  }
}
