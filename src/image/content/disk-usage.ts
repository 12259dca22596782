// What the store takes of the disk, part by part and image by image, as du(1) counts it: all parts
// together are what `du --one-file-system` says of the store's folder.

import { O_RDONLY } from "../../abi/file.ts";
import { isDigest } from "../../oci/digest.ts";
import { containerImages } from "../../store/container-images.ts";
import { BLOB_FOLDERS, type Store } from "../../store/layout.ts";
import { TreeUsage } from "../../store/tree-usage.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, openAt, statAt } from "../../sys/file.ts";
import type { ContentStore } from "./content-store.ts";
import { containersOf, listImages, type StoredImage } from "./image-list.ts";
import {
  type ImageCompanions,
  isUsedBlob,
  isUsedLayer,
  markImage,
  readRecords,
  type UsedContent,
} from "./mark-used.ts";
import { readDependents } from "./referrer-index.ts";

export interface DiskUsage {
  readonly blobs: PartUsage;
  readonly layers: PartUsage;
  readonly records: PartUsage;
  readonly staging: PartUsage;
  readonly containers: PartUsage;
  /** By name. */
  readonly volumes: ReadonlyMap<string, number>;
  /** The store's own folders, its index and its database. */
  readonly otherBytes: number;
  /** All of these. */
  readonly totalBytes: number;
  /** In the order of index.json. */
  readonly images: readonly ImageUsage[];
  /** Of blobs, layers and records: what would be gone without the images that no container uses. */
  readonly reclaimableBytes: number;
}

export interface PartUsage {
  readonly count: number;
  readonly bytes: number;
}

export interface ImageUsage {
  readonly image: StoredImage;
  /** Its blobs, layers and records. */
  readonly bytes: number;
  /** What of these no other image uses. */
  readonly uniqueBytes: number;
  /** Names of the containers that use it. */
  readonly containers: readonly string[];
}

export function diskUsage(store: ContentStore): DiskUsage {
  // First, as it may make the database.
  const images = listImages(store);
  const measure = new StoreMeasure(store.folders);
  const { otherBytes, parts } = measure;
  const [blobs, layers, records, staging, containers] = [
    sumOf(parts.blobs),
    sumOf(parts.layers),
    sumOf(parts.images),
    sumOf(parts.staging),
    sumOf(parts.containers),
  ];
  const volumes = new Map(parts.volumes.map(({ name, bytes }) => [name, bytes]));
  const all = [blobs, layers, records, staging, containers, sumOf(parts.volumes)];
  const sums = all.map(({ bytes }) => bytes);
  return {
    ...{ blobs, layers, records, staging, containers, volumes, otherBytes },
    totalBytes: sums.reduce((sum, bytes) => sum + bytes, otherBytes),
    ...imageUsage(store, images, measure),
  };
}

interface Entry {
  readonly name: string;
  readonly bytes: number;
}

function sumOf(entries: readonly Entry[]): PartUsage {
  return { count: entries.length, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
}

class StoreMeasure {
  /** blobs: by digest; the others by name. */
  readonly parts: Readonly<
    Record<"blobs" | "layers" | "images" | "staging" | "containers" | "volumes", readonly Entry[]>
  >;
  otherBytes = 0;
  readonly #usage = new TreeUsage();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.#addOwn(store.top.number, "");
    this.parts = {
      blobs: BLOB_FOLDERS.flatMap((folder) =>
        this.#entries(`blobs/${folder}`).map((entry) => ({
          ...entry,
          name: `${folder}:${entry.name}`,
        })),
      ),
      layers: this.#entries("layers"),
      images: this.#entries("images"),
      staging: this.#entries("staging"),
      containers: this.#entries("containers"),
      volumes: this.#entries("volumes"),
    };
    this.#addOther(".", Object.keys(this.parts));
    this.#addOther("blobs", BLOB_FOLDERS);
    this.#addOwn(store.top.number, "blobs");
  }

  #entries(folder: string): readonly Entry[] {
    const top = this.#store.top.number;
    if (statAt(top, folder) === undefined) {
      return [];
    }
    this.#addOwn(top, folder);
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    using opened = new OwnedFd(openAt(top, folder, O_RDONLY | O_DIRECTORY));
    return readDirectoryAt(opened.number, ".").map(({ name }) => ({
      name,
      bytes: this.#usage.of(opened.number, name),
    }));
  }

  /** What stands in a folder beside the parts. */
  #addOther(folder: string, parts: readonly string[]): void {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    using opened = new OwnedFd(openAt(this.#store.top.number, folder, O_RDONLY | O_DIRECTORY));
    for (const { name } of readDirectoryAt(opened.number, ".")) {
      this.otherBytes += parts.includes(name) ? 0 : this.#usage.of(opened.number, name);
    }
  }

  /** The folder itself. */
  #addOwn(fd: number, name: string): void {
    this.otherBytes += statAt(fd, name)?.allocatedBytes ?? 0;
  }
}

function imageUsage(
  store: ContentStore,
  listed: readonly StoredImage[],
  { parts }: StoreMeasure,
): Pick<DiskUsage, "images" | "reclaimableBytes"> {
  const companions = {
    records: readRecords(store.folders),
    referrers: readDependents(store.folders),
  };
  const entries: readonly SharedEntry[] = [
    ...parts.blobs.map((entry) => new SharedEntry("blob", entry)),
    ...parts.layers.map((entry) => new SharedEntry("layer", entry)),
    ...parts.images.map((entry) => new SharedEntry("record", entry)),
  ];
  const users = containerImages(store.folders);
  const used = listed.map((image) => {
    const containers = containersOf(users, image);
    const own = entriesOf(store.folders, image, { companions, entries });
    for (const entry of own) {
      entry.images += 1;
      entry.isInUse ||= containers.length > 0;
    }
    return { image, containers, own };
  });
  const images = used.map(({ image, containers, own }) => ({
    image,
    containers,
    bytes: sumOf(own).bytes,
    uniqueBytes: sumOf(own.filter((entry) => entry.images === 1)).bytes,
  }));
  return { images, reclaimableBytes: sumOf(entries.filter((entry) => !entry.isInUse)).bytes };
}

class SharedEntry implements Entry {
  readonly kind: "blob" | "layer" | "record";
  readonly name: string;
  readonly bytes: number;
  /** How many images use it. */
  images = 0;
  /** By a container. */
  isInUse = false;

  constructor(kind: SharedEntry["kind"], { name, bytes }: Entry) {
    this.kind = kind;
    this.name = name;
    this.bytes = bytes;
  }
}

function entriesOf(
  store: Store,
  { descriptor }: StoredImage,
  {
    companions,
    entries,
  }: { readonly companions: ImageCompanions; readonly entries: readonly SharedEntry[] },
): readonly SharedEntry[] {
  const used = markImage(store, descriptor, companions);
  return entries.filter((entry) => isUsed(entry, used));
}

function isUsed({ kind, name }: SharedEntry, used: UsedContent): boolean {
  switch (kind) {
    case "blob":
      return isDigest(name) && isUsedBlob(used, name);
    case "layer":
      return isUsedLayer(used, name);
    case "record":
      return used.records.has(name);
  }
}
