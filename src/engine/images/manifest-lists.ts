// Images for several platforms, put together here: an index of the store (image-spec image-index.md), under
// a name, that lists manifests of the store and of registries.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { collectGarbage } from "../../image/content/collect-garbage.ts";
import { imageGraph, type StoredManifest } from "../../image/content/image-graph.ts";
import { listMembers } from "../../image/transfer/list-members.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { isDigest } from "../../oci/digest.ts";
import { encodeDocument } from "../../oci/encode.ts";
import type { ImageIndex } from "../../oci/image-spec.ts";
import { isIndexType, OCI_INDEX } from "../../oci/media-types.ts";
import { decodeIndex } from "../../oci/parse/image.ts";
import type { Platform } from "../../oci/platform.ts";
import { parseReference } from "../../oci/reference.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { hostPlatform } from "../host-platform.ts";
import { type ImageOptions, type ImageSession, openImages } from "./image-session.ts";
import { descriptorOf, newName } from "./tag-image.ts";
import { registryClient, type TransferOptions } from "./transfer-options.ts";

export interface ManifestList {
  /** Whole: "docker.io/library/app:1.0". */
  readonly name: string;
  readonly descriptor: Descriptor;
  readonly index: ImageIndex;
}

export interface CreateListOptions extends TransferOptions {
  /** Adds to a list that is there already. */
  readonly amend?: boolean;
}

/**
 * Images that are not in the store are looked for in their registries, and stay there. Throws
 * "already-exists", and "not-found" for an image that is nowhere.
 */
export async function createManifestList(
  list: string,
  images: readonly string[],
  options: CreateListOptions,
): Promise<ManifestList> {
  using session = await openImages(options);
  const name = newName(list, session.defaultDomain);
  const existing = session.store.findName(name);
  if (existing !== undefined && options.amend !== true) {
    throw new OcicatError("already-exists", {
      operation: "make",
      subject: `the manifest list ${quote(list)}`,
      reason: "there is an image of that name",
      hint: "--amend adds to it; `ocicat manifest rm` removes it",
    });
  }
  const index = existing === undefined ? EMPTY : readList(session, list).index;
  return await writeList(session, name, await withImages(session, index, images, options));
}

export interface AddToListOptions extends TransferOptions {
  /** Of the one manifest that is added. */
  readonly notes?: EntryNotes;
}

export async function addToManifestList(
  list: string,
  images: readonly string[],
  options: AddToListOptions,
): Promise<ManifestList> {
  using session = await openImages(options);
  const { name, index } = readList(session, list);
  return await writeList(session, name, await withImages(session, index, images, options));
}

/** What is said about one entry. Absent: it stays as it is. */
export interface EntryNotes {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** `entry`: an image of the store, or a digest that the list has. */
export async function annotateManifestList(
  list: string,
  entry: string,
  options: ImageOptions & EntryNotes,
): Promise<ManifestList> {
  using session = await openImages(options);
  const { name, index } = readList(session, list);
  const digests = entriesOf(session, index, entry);
  const manifests = index.manifests.map((each) =>
    digests.includes(each.digest) ? withNotes(each, options) : each,
  );
  return await writeList(session, name, { ...index, manifests });
}

export async function removeFromManifestList(
  list: string,
  entries: readonly string[],
  options: ImageOptions,
): Promise<ManifestList> {
  using session = await openImages(options);
  const { name, index } = readList(session, list);
  const digests = entries.flatMap((entry) => entriesOf(session, index, entry));
  const manifests = index.manifests.filter(({ digest }) => !digests.includes(digest));
  if (manifests.length === 0) {
    throw new OcicatError("invalid-argument", {
      operation: "change",
      subject: `the manifest list ${quote(list)}`,
      reason: "nothing would be left in it",
      hint: "`ocicat manifest rm` removes it",
    });
  }
  return await writeList(session, name, { ...index, manifests });
}

/** The lists, not the images in them. Throws "invalid-argument" for what is no list. */
export async function removeManifestLists(
  lists: readonly string[],
  options: ImageOptions,
): Promise<readonly string[]> {
  using session = await openImages(options);
  const names = lists.map((list) => readList(session, list).name);
  for (const name of names) {
    await session.store.removeName(name);
  }
  await collectGarbage(session.store);
  return names;
}

const EMPTY: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

/** Undefined: there is no list of this name. */
export async function findManifestList(
  list: string,
  options: ImageOptions,
): Promise<Descriptor | undefined> {
  using session = await openImages(options);
  const descriptor = session.store.findName(newName(list, session.defaultDomain));
  return descriptor !== undefined && isIndexType(descriptor.mediaType) ? descriptor : undefined;
}

/** Throws "not-found", and "invalid-argument" for what is no list. */
export function readList(session: ImageSession, list: string): ManifestList {
  const name = newName(list, session.defaultDomain);
  const descriptor = session.store.findName(name);
  if (descriptor === undefined || !isIndexType(descriptor.mediaType)) {
    const isMissing = descriptor === undefined;
    throw new OcicatError(isMissing ? "not-found" : "invalid-argument", {
      operation: "find",
      subject: `the manifest list ${quote(list)}`,
      reason: isMissing ? "it is not in the store" : "it is an image for one platform, not a list",
      hint: "`ocicat manifest create` makes one",
    });
  }
  const text = decodeText(session.store.readDocument(descriptor));
  return { name, descriptor, index: decodeIndex(text, { subject: quote(list) }) };
}

async function writeList(
  session: ImageSession,
  name: string,
  index: ImageIndex,
): Promise<ManifestList> {
  const { store } = session;
  const before = store.findName(name);
  const content = encodeText(encodeDocument(index, ""));
  const descriptor = store.writeDocument(content, index.mediaType ?? OCI_INDEX);
  await store.setName(name, descriptor);
  // What the list was before is of no use to anybody, unless it has another name.
  const left = store.names().filter((each) => each.descriptor.digest === before?.digest);
  if (before !== undefined && left.every((each) => each.name === undefined)) {
    await store.removeDescriptors(before.digest);
  }
  return { name, descriptor, index };
}

async function withImages(
  session: ImageSession,
  index: ImageIndex,
  images: readonly string[],
  options: AddToListOptions,
): Promise<ImageIndex> {
  const added: Descriptor[] = [];
  for (const image of images) {
    added.push(
      ...(storedMembers(session, image) ?? (await remoteMembers(session, image, options))),
    );
  }
  const digests = added.map(({ digest }) => digest);
  const others = index.manifests.filter(({ digest }) => !digests.includes(digest));
  return { ...index, manifests: [...others, ...described(added, options.notes)] };
}

function described(
  added: readonly Descriptor[],
  notes: EntryNotes | undefined,
): readonly Descriptor[] {
  if (notes === undefined) {
    return added;
  }
  if (added.length > 1) {
    throw new OcicatError("invalid-argument", {
      operation: "describe",
      subject: `${added.length} manifests at once`,
      reason: "what is said would hold for each of them",
      hint: "add one after the other, or use `ocicat manifest annotate`",
    });
  }
  return added.map((each) => withNotes(each, notes));
}

/** An image that is for several platforms itself adds those that the store has. Undefined: it is not there. */
function storedMembers(session: ImageSession, image: string): readonly Descriptor[] | undefined {
  try {
    return manifestsOf(session, image).map(entryFor);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

/** All platforms that the registry has. */
async function remoteMembers(
  session: ImageSession,
  image: string,
  options: TransferOptions,
): Promise<readonly Descriptor[]> {
  const { store, defaultDomain } = session;
  const { domain } = parseReference(image, { defaultDomain });
  const place = { store, client: registryClient(session, domain, options) };
  const platform = hostPlatform();
  const request = { reference: image, platform, allPlatforms: true, defaultDomain };
  return await listMembers(place, request);
}

function manifestsOf(session: ImageSession, image: string): readonly StoredManifest[] {
  return imageGraph(session.store.folders, descriptorOf(session, image)).manifests;
}

function entryFor({ descriptor, manifest, image }: StoredManifest): Descriptor {
  const { mediaType, digest, size } = descriptor;
  const platform = descriptor.platform ?? (image === undefined ? undefined : platformOf(image));
  const { artifactType } = manifest;
  return {
    mediaType,
    digest,
    size,
    ...(platform === undefined ? {} : { platform }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function platformOf(image: Platform): Platform {
  const { os, architecture, variant } = image;
  const version = image["os.version"];
  const features = image["os.features"];
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { "os.version": version }),
    ...(features === undefined ? {} : { "os.features": features }),
  };
}

function entriesOf(session: ImageSession, index: ImageIndex, entry: string): readonly string[] {
  const listed = index.manifests.map(({ digest }) => digest);
  const own = listed.filter((digest) => digest === entry);
  if (own.length > 0) {
    return own;
  }
  const digests = isDigest(entry)
    ? []
    : manifestsOf(session, entry).map(({ descriptor }) => descriptor.digest);
  const found = listed.filter((digest) => digests.includes(digest));
  if (found.length === 0) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `${quote(entry)} in the manifest list`,
      reason: "it is not listed",
      hint: `it lists ${listed.join(", ")}`,
    });
  }
  return found;
}

function withNotes(descriptor: Descriptor, notes: EntryNotes): Descriptor {
  const before = descriptor.platform;
  const os = notes.os ?? before?.os;
  const architecture = notes.architecture ?? before?.architecture;
  const variant = notes.variant ?? before?.variant;
  const version = notes.osVersion ?? before?.["os.version"];
  const features = notes.osFeatures ?? before?.["os.features"];
  if (os === undefined || architecture === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "annotate",
      subject: `the manifest ${descriptor.digest}`,
      reason: "it has no platform yet, which takes both an operating system and an architecture",
    });
  }
  const annotations = { ...descriptor.annotations, ...notes.annotations };
  return {
    ...descriptor,
    platform: platformOf({
      os,
      architecture,
      ...(variant === undefined ? {} : { variant }),
      ...(version === undefined ? {} : { "os.version": version }),
      ...(features === undefined ? {} : { "os.features": features }),
    }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}
