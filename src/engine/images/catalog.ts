// The images of the store as people see them: one for each image ID, with all its names. An index that
// lists several platforms stands for the image of one of them: this machine's, where the store has that.

import type { ImageFacts } from "../../image/content/image-facts.ts";
import { imageGraph } from "../../image/content/image-graph.ts";
import { containersOf, listImages, type StoredImage } from "../../image/content/image-list.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { choosePlatform, type Platform } from "../../oci/platform.ts";
import { containerImages } from "../../store/container-images.ts";
import type { ImageSession } from "./image-session.ts";

export interface CatalogImage {
  /** The digest of the configuration; of an artifact, whose configuration others have too, its manifest's. */
  readonly id: Digest;
  /** Where index.json leads to it: an entry for each name, or one without. */
  readonly entries: readonly CatalogEntry[];
  /** Of its first entry. */
  readonly facts: ImageFacts;
  /** Milliseconds since 1970; undefined: the image does not say. */
  readonly createdMs: number | undefined;
  /** Names of containers that use it. */
  readonly containers: readonly string[];
}

export interface CatalogEntry {
  /** Whole: "docker.io/library/debian:12"; undefined: it has lost its name. */
  readonly name: string | undefined;
  /** Of a manifest or an index. */
  readonly descriptor: Descriptor;
  /** Of the manifest that it leads to. Several have the same configuration: other compressions, say. */
  readonly facts: ImageFacts;
}

/** What index.json leads to, but cannot be read. */
export interface BrokenImage {
  readonly names: readonly string[];
  readonly descriptor: Descriptor;
  readonly reason: string;
}

export interface Catalog {
  /** Latest first. */
  readonly images: readonly CatalogImage[];
  readonly broken: readonly BrokenImage[];
}

export function readCatalog({ store }: ImageSession, platform: Platform): Catalog {
  const images = new Map<Digest, CatalogImage>();
  const broken: BrokenImage[] = [];
  const users = containerImages(store.folders);
  for (const stored of listImages(store)) {
    const facts = factsFor(stored, platform);
    if (facts === undefined) {
      broken.push(...brokenImage(stored, store.folders));
      continue;
    }
    const id = facts.kind === "image" ? facts.config : facts.manifest;
    const known = images.get(id);
    const created = Date.parse(facts.created ?? "");
    images.set(id, {
      id,
      entries: [...(known?.entries ?? []), ...entriesOf(stored, facts)],
      facts: known?.facts ?? facts,
      createdMs: Number.isNaN(created) ? undefined : created,
      containers: [...new Set([...(known?.containers ?? []), ...containersOf(users, stored)])],
    });
  }
  const latestFirst = [...images.values()].sort((a, b) => (b.createdMs ?? 0) - (a.createdMs ?? 0));
  return { images: latestFirst, broken };
}

/** None: it is a list that nothing has been added to yet. */
function brokenImage(
  { descriptor, names }: StoredImage,
  folders: Parameters<typeof imageGraph>[0],
): readonly BrokenImage[] {
  const [fault] = imageGraph(folders, descriptor).faults;
  const isEmptyList = fault === undefined && isIndexType(descriptor.mediaType);
  const reason = fault?.reason ?? "there is no manifest of it";
  return isEmptyList ? [] : [{ names, descriptor, reason }];
}

export function namesOf({ entries }: CatalogImage): readonly string[] {
  return entries.flatMap(({ name }) => name ?? []);
}

function entriesOf({ names, descriptor }: StoredImage, facts: ImageFacts): readonly CatalogEntry[] {
  return names.length === 0
    ? [{ name: undefined, descriptor, facts }]
    : names.map((name) => ({ name, descriptor, facts }));
}

/** Another platform's where there is no better one. */
function factsFor({ manifests }: StoredImage, platform: Platform): ImageFacts | undefined {
  const offered = manifests.map(platformOf);
  return manifests[choosePlatform(platform, offered)] ?? manifests[0];
}

export function platformOf({ os, architecture, variant }: ImageFacts): Platform | undefined {
  return os === undefined || architecture === undefined
    ? undefined
    : { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
