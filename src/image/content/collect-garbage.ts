// Removes what no name, no lease and no container needs (mark-used.ts), and what killed processes left.
//
// While it is found and taken away nobody may begin to rely on it: the index and the collection lock are
// held for that. Folders are moved to staging at once and emptied afterwards, without these locks.

import { isDigest } from "../../oci/digest.ts";
import { withCollectionLock } from "../../store/collection-lock.ts";
import { BLOB_FOLDERS, type Store } from "../../store/layout.ts";
import { lock, tryLock } from "../../store/lock.ts";
import { TreeUsage } from "../../store/tree-usage.ts";
import { statByteAt } from "../../sys/byte-path.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { renameAt, tryUnlinkAt } from "../../sys/file.ts";
import { removeOwnedTree, sweepOwnedStaging } from "../owners/take-ownership.ts";
import type { ContentStore } from "./content-store.ts";
import { isUsedBlob, isUsedLayer, markUsed, type UsedContent } from "./mark-used.ts";
import { Metadata } from "./metadata.ts";
import { INDEX_LOCK } from "./name-index.ts";
import { dropReferrers } from "./referrer-index.ts";
import { LaterRelease } from "./release-later.ts";

export interface CollectOptions {
  /** Only tells what it would remove. */
  readonly dryRun?: boolean;
  /** Partial downloads older than this go too; 24 hours when absent, 0 for all. */
  readonly partialAgeMs?: number;
}

export interface GarbageItem {
  /** "unfinished": what a killed process left, or a partial download. */
  readonly kind: "record" | "blob" | "layer" | "unfinished";
  /** A digest, or a name in the store's folder. */
  readonly name: string;
  /** What it took of the disk. */
  readonly bytes: number;
}

export interface Collected {
  readonly removed: readonly GarbageItem[];
  /** Of the disk, in all. */
  readonly bytes: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const ASIDE = "collected";

/** Throws when it can't be known what is needed: index.json is missing or damaged. */
export async function collectGarbage(
  store: ContentStore,
  options: CollectOptions = {},
): Promise<Collected> {
  const { folders } = store;
  const staging = folders.staging.number;
  using collection = new Collection(folders, options.dryRun ?? false);
  {
    using _only = await lock(staging, `${ASIDE}.lock`);
    {
      using _index = await lock(staging, INDEX_LOCK);
      withCollectionLock(folders, "exclusive", () => {
        collection.take(markUsed(folders));
      });
    }
    collection.removeAside();
  }
  collection.sweep(options.partialAgeMs ?? DAY_MS);
  if (options.dryRun !== true) {
    new Metadata(store.root).forget(
      collection.removed.flatMap(({ name }) => (isDigest(name) ? name : [])),
    );
  }
  const bytes = collection.removed.reduce((sum, item) => sum + item.bytes, 0);
  return { removed: collection.removed, bytes };
}

class Collection implements Disposable {
  readonly removed: GarbageItem[] = [];
  readonly #store: Store;
  readonly #dryRun: boolean;
  readonly #aside: { readonly name: string; readonly layer: string }[] = [];
  readonly #large = new LaterRelease();

  constructor(store: Store, dryRun: boolean) {
    this.#store = store;
    this.#dryRun = dryRun;
  }

  /** In this order: what is read first by others goes first. */
  take(used: UsedContent): void {
    if (!this.#dryRun) {
      dropReferrers(this.#store, (subject) => used.digests.has(subject));
    }
    this.#takeRecords(used);
    for (const folder of BLOB_FOLDERS) {
      this.#takeBlobs(folder, used);
    }
    this.#takeLayers(used);
  }

  #takeRecords(used: UsedContent): void {
    const fd = this.#store.images.number;
    for (const { name } of readDirectoryAt(fd, ".")) {
      if (!used.records.has(name)) {
        this.#takeFile(fd, name, { kind: "record", name });
      }
    }
  }

  #takeBlobs(folder: string, used: UsedContent): void {
    const fd = this.#store.blobs.number;
    for (const { name: hex } of readDirectoryAt(fd, folder)) {
      const digest = `${folder}:${hex}`;
      const path = `${folder}/${hex}`;
      // Other names are those of other programs.
      if (isDigest(digest) && !isUsedBlob(used, digest)) {
        this.#takeFile(fd, path, { kind: "blob", name: digest });
      }
    }
  }

  #takeLayers(used: UsedContent): void {
    const fd = this.#store.layers.number;
    for (const { name, type } of readDirectoryAt(fd, ".")) {
      // Whoever makes a layer looks for it under its lock.
      using held = isUsedLayer(used, name)
        ? undefined
        : tryLock(this.#store.staging.number, `${name}.lock`);
      if (held !== undefined && type === "directory") {
        this.#takeFolder(fd, name);
      } else if (held !== undefined) {
        this.#takeFile(fd, name, { kind: "layer", name });
      }
    }
  }

  #takeFile(folderFd: number, path: string, item: Omit<GarbageItem, "bytes">): void {
    const status = statByteAt(folderFd, path);
    const bytes = status?.links === 1 ? status.allocatedBytes : 0;
    if (status !== undefined) {
      this.removed.push({ ...item, bytes });
    }
    if (!this.#dryRun) {
      this.#large.keep(folderFd, path, bytes);
      tryUnlinkAt(folderFd, path);
    }
  }

  #takeFolder(layersFd: number, layer: string): void {
    if (this.#dryRun) {
      this.#measure(layersFd, layer, layer);
      return;
    }
    const [unique = 0] = crypto.getRandomValues(new Uint32Array(1));
    const name = `${ASIDE}.removed-${unique}`;
    renameAt(layersFd, layer, this.#store.staging.number, name);
    this.#aside.push({ name, layer });
  }

  removeAside(): void {
    const staging = this.#store.staging.number;
    for (const { name, layer } of this.#aside) {
      this.#measure(staging, name, layer);
      removeOwnedTree(staging, name);
    }
  }

  #measure(folderFd: number, name: string, layer: string): void {
    const bytes = new TreeUsage().of(folderFd, name);
    this.removed.push({ kind: "layer", name: layer, bytes });
  }

  sweep(partialAgeMs: number): void {
    const staging = this.#store.staging.number;
    const newest = Date.now() - partialAgeMs;
    const isStalePartial = (name: string): boolean => {
      const modified = statByteAt(staging, name)?.modified.seconds ?? 0;
      return modified * 1000 <= newest;
    };
    for (const entry of sweepOwnedStaging(this.#store, { isStalePartial, dryRun: this.#dryRun })) {
      this.removed.push({ kind: "unfinished", ...entry });
    }
  }

  [Symbol.dispose](): void {
    this.#large[Symbol.dispose]();
  }
}
