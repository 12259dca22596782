// What images and containers take of the disk, and what of it could be had back: df.

import { O_RDONLY } from "../../abi/file.ts";
import type { ContentStore } from "../../image/content/content-store.ts";
import { type DiskUsage, diskUsage } from "../../image/content/disk-usage.ts";
import { containerImages } from "../../store/container-images.ts";
import { TreeUsage } from "../../store/tree-usage.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, stat } from "../../sys/file.ts";
import { eachReadable } from "../containers/stored-container.ts";
import { openImages } from "../images/image-session.ts";
import { familiarName } from "../images/shown-names.ts";
import type { Surroundings, SurroundingsOptions } from "../surroundings.ts";
import { listVolumes } from "../volumes/volume-operations.ts";
import { runningContainers } from "./running-containers.ts";

/** Sizes are bytes of the disk, as du(1) counts them. */
export interface SystemUsage {
  readonly parts: readonly UsagePart[];
  /** All parts: what `du` says of the store's folder. */
  readonly totalBytes: number;
  readonly images: readonly ImageUse[];
  readonly containers: readonly ContainerUse[];
  readonly volumes: readonly VolumeUse[];
}

export interface UsagePart {
  readonly type: "images" | "containers" | "volumes" | "unfinished" | "store";
  readonly total: number;
  /** That something uses now. */
  readonly active: number;
  readonly bytes: number;
  readonly reclaimableBytes: number;
}

export interface ImageUse {
  /** Of the image's configuration, where it can be read, else of what its names lead to. */
  readonly id: string;
  /** As users write them; none: the image has lost its names. */
  readonly names: readonly string[];
  readonly bytes: number;
  /** Of them, what no other image uses. */
  readonly uniqueBytes: number;
  /** Names. */
  readonly containers: readonly string[];
}

export interface ContainerUse {
  readonly id: string;
  /** Undefined: it is a folder that a killed command has left. */
  readonly name: string | undefined;
  /** The image's names, or its digest; undefined: it was made of a folder. */
  readonly image: string | undefined;
  readonly running: boolean;
  readonly bytes: number;
}

export interface VolumeUse {
  readonly name: string;
  readonly bytes: number;
  /** Names. */
  readonly containers: readonly string[];
}

export async function measureSystem(options: SurroundingsOptions): Promise<SystemUsage> {
  using session = await openImages(options);
  const { store, surroundings, defaultDomain } = session;
  const usage = diskUsage(store);
  const containers = measureContainers(store, surroundings);
  const images = usage.images.map(({ image, bytes, uniqueBytes, containers: users }) => ({
    id: image.manifests[0]?.config ?? image.descriptor.digest,
    names: image.names.map((name) => familiarName(name, defaultDomain)),
    bytes,
    uniqueBytes,
    containers: users,
  }));
  const volumes = await measureVolumes(usage, options);
  return {
    parts: partsOf(usage, containers, volumes),
    totalBytes: usage.totalBytes,
    images,
    containers: containers.map((container) => nameImage(container, usage, defaultDomain)),
    volumes,
  };
}

async function measureVolumes(
  { volumes }: DiskUsage,
  options: SurroundingsOptions,
): Promise<readonly VolumeUse[]> {
  if (volumes.size === 0) {
    return [];
  }
  const listed = await listVolumes({ ...options, filters: [] });
  return listed.map(({ name, containers }) => ({
    name,
    bytes: volumes.get(name) ?? 0,
    containers,
  }));
}

function partsOf(
  usage: DiskUsage,
  containers: readonly ContainerUse[],
  volumes: readonly VolumeUse[],
): UsagePart[] {
  const { blobs, layers, records, staging, otherBytes } = usage;
  const idle = containers.filter(({ running }) => !running);
  const unused = volumes.filter((volume) => volume.containers.length === 0);
  return [
    {
      type: "images",
      total: usage.images.length,
      active: usage.images.filter((image) => image.containers.length > 0).length,
      bytes: blobs.bytes + layers.bytes + records.bytes,
      reclaimableBytes: usage.reclaimableBytes,
    },
    {
      type: "containers",
      total: containers.length,
      active: containers.length - idle.length,
      bytes: usage.containers.bytes,
      reclaimableBytes: idle.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    {
      type: "volumes",
      total: volumes.length,
      active: volumes.length - unused.length,
      bytes: usage.volumes.values().reduce((sum, bytes) => sum + bytes, 0),
      reclaimableBytes: unused.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    {
      type: "unfinished",
      total: staging.count,
      active: 0,
      bytes: staging.bytes,
      reclaimableBytes: staging.bytes,
    },
    { type: "store", total: 1, active: 1, bytes: otherBytes, reclaimableBytes: 0 },
  ];
}

function measureContainers(store: ContentStore, surroundings: Surroundings): ContainerUse[] {
  const path = `${store.root}/containers`;
  if (stat(path) === undefined) {
    return [];
  }
  using folder = new OwnedFd(open(path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
  const manifests = new Map(
    containerImages(store.folders).map(({ container, manifest }) => [container, manifest]),
  );
  const running = runningContainers(surroundings);
  const names = new Map(
    eachReadable(surroundings, ({ record }) => [record.id, record.name] as const),
  );
  const usage = new TreeUsage();
  return readDirectoryAt(folder.number, ".").map(({ name: id }) => ({
    id,
    name: names.get(id),
    image: manifests.get(id),
    running: running.has(id),
    bytes: usage.of(folder.number, id),
  }));
}

/** From the digest of its manifest to a name, where it still has one. */
function nameImage(
  container: ContainerUse,
  { images }: DiskUsage,
  defaultDomain: string,
): ContainerUse {
  const found = images.find(
    ({ image }) =>
      container.image !== undefined &&
      image.manifests.some(({ manifest }) => manifest === container.image),
  );
  const [name] = found?.image.names ?? [];
  return name === undefined
    ? container
    : { ...container, image: familiarName(name, defaultDomain) };
}
