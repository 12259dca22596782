// What of a store is needed: by the names of images, by living leases, by containers. Everything else is
// garbage.
//
//   index.json, leases, containers -> indexes -> manifests -> configurations, layers (blobs)
//   configuration -> DiffIDs, ChainIDs -> files and folders of layers/
//   manifest -> what refers to it, what stands for it (referrer-index.ts)
//   index, manifest -> records in images/ -> the files that they list

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { containerImages } from "../../store/container-images.ts";
import type { Store } from "../../store/layout.ts";
import { livingLeases } from "../../store/lease.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { chainIds } from "../layers/chain-id.ts";
import { filesOf, type ImageRecord, readRecord } from "../record.ts";
import { blobName } from "./blob-folder.ts";
import { describeBlob, imageGraph } from "./image-graph.ts";
import { readNames } from "./name-index.ts";
import { readDependents, type StoredReferrer } from "./referrer-index.ts";

export interface UsedContent {
  /** Of blobs, and of what leases name although it is not here. */
  readonly digests: ReadonlySet<Digest>;
  /** What files of layers/ are named by: DiffIDs and ChainIDs. */
  readonly layerIds: ReadonlySet<Digest>;
  /** Names in images/. */
  readonly records: ReadonlySet<string>;
  /** What these list: paths below the store's root. */
  readonly files: ReadonlySet<string>;
}

/** Nothing may come or go meanwhile: see collection-lock.ts. */
export function markUsed(store: Store): UsedContent {
  const marks = new Marks(store);
  // Leases come first. Whoever gives one up has named what it protected, or noted it with a container.
  for (const { digests } of livingLeases(store)) {
    digests.forEach((digest) => {
      marks.markDigest(digest);
    });
  }
  for (const { manifest } of containerImages(store)) {
    marks.markDigest(manifest);
  }
  for (const { descriptor } of readNames(store)) {
    marks.mark(descriptor);
  }
  marks.markReferrers(readDependents(store));
  marks.markRecords(readRecords(store));
  return marks;
}

/** What the store has beside images, for some of them. */
export interface ImageCompanions {
  readonly records: readonly StoredRecord[];
  readonly referrers: readonly StoredReferrer[];
}

/** What one image needs. */
export function markImage(
  store: Store,
  descriptor: Descriptor,
  { records, referrers }: ImageCompanions,
): UsedContent {
  const marks = new Marks(store);
  marks.mark(descriptor);
  marks.markReferrers(referrers);
  marks.markRecords(records);
  return marks;
}

export function isUsedBlob(used: UsedContent, digest: Digest): boolean {
  return used.digests.has(digest) || used.files.has(`blobs/${blobName(digest)}`);
}

/** What is no name of a layer belongs to somebody else. */
export function isUsedLayer(used: UsedContent, name: string): boolean {
  const id = digestOfName(name);
  return id === undefined || used.layerIds.has(id) || used.files.has(`layers/${name}`);
}

export interface StoredRecord {
  /** In images/. */
  readonly name: string;
  /** Undefined: it is damaged, or of another version. */
  readonly record: ImageRecord | undefined;
}

export function readRecords(store: Store): readonly StoredRecord[] {
  const entries = readDirectoryAt(store.images.number, ".");
  return entries.map(({ name }) => ({ name, record: readRecordIfSound(store, name) }));
}

class Marks implements UsedContent {
  readonly digests = new Set<Digest>();
  readonly layerIds = new Set<Digest>();
  readonly records = new Set<string>();
  readonly files = new Set<string>();
  readonly #store: Store;
  readonly #followed = new Set<Digest>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** It may be that of a blob, or what names a layer. */
  markDigest(digest: Digest): void {
    this.digests.add(digest);
    this.layerIds.add(digest);
    const descriptor = describeBlob(this.#store, digest);
    if (descriptor !== undefined) {
      this.mark(descriptor);
    }
  }

  mark(descriptor: Descriptor): void {
    const { digest } = descriptor;
    this.digests.add(digest);
    if (this.#followed.has(digest)) {
      return;
    }
    this.#followed.add(digest);
    const graph = imageGraph(this.#store, descriptor);
    for (const { descriptor: manifest, image } of graph.manifests) {
      this.digests.add(manifest.digest);
      const diffIds = image?.rootfs.diff_ids ?? [];
      for (const id of [...diffIds, ...chainIds(diffIds)]) {
        this.layerIds.add(id);
      }
    }
    // What is damaged is not garbage: `system check` tells of it.
    const others = [...graph.others, ...graph.faults].map((other) => other.digest);
    for (const each of [...graph.indexes, ...others]) {
      this.digests.add(each);
    }
  }

  /** A signature may have one of its own. */
  markReferrers(referrers: readonly StoredReferrer[]): void {
    let waiting = referrers;
    let known = -1;
    while (known !== waiting.length) {
      known = waiting.length;
      waiting = waiting.filter(({ subject, descriptor }) => {
        const isNeeded = this.digests.has(subject);
        if (isNeeded) {
          this.mark(descriptor);
        }
        return !isNeeded;
      });
    }
  }

  markRecords(records: readonly StoredRecord[]): void {
    for (const { name, record } of records) {
      const digests = [digestOfName(name), record?.manifest];
      if (digests.some((digest) => digest !== undefined && this.digests.has(digest))) {
        this.records.add(name);
        for (const path of record === undefined ? [] : filesOf(record)) {
          this.files.add(path);
        }
      }
    }
  }
}

/** Names in layers/ and images/ begin with a digest: "sha256-HEX", then something else or nothing. */
export function digestOfName(name: string): Digest | undefined {
  const match = /^(sha256|sha512)-([0-9a-f]+)(?![0-9a-z])/.exec(name);
  const digest = `${match?.[1]}:${match?.[2]}`;
  return isDigest(digest) ? digest : undefined;
}

function readRecordIfSound(store: Store, name: string): ImageRecord | undefined {
  try {
    return readRecord(store.root, name);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "invalid-config") {
      return undefined;
    }
    throw error;
  }
}
