// Lists of manifests that users put together: an image index in the store, whose images may be in the
// store or in registries. `manifest push` sends it with whatever it lists.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageIndex } from "../../oci/image-spec.ts";
import { isIndexType, OCI_INDEX } from "../../oci/media-types.ts";
import { decodeIndex } from "../../oci/parse/image.ts";
import type { Platform } from "../../oci/platform.ts";
import { lock } from "../../store/lock.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import type { ContentStore } from "../content/content-store.ts";

/** What is said about a member beside its content; what is absent stays as it is. */
export interface MemberChanges {
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const LOCK = "manifest-list.lock";

/**
 * Makes a list under a name of the store (whole, with a tag). Throws "already-exists" when the store has
 * that name, unless `amend`: then the members are added to the list that is there.
 */
export async function createList(
  store: ContentStore,
  name: string,
  members: readonly Descriptor[],
  options: { readonly amend?: boolean } = {},
): Promise<Descriptor> {
  using _held = await lock(store.folders.staging.number, LOCK);
  const existing = store.findName(name);
  if (existing !== undefined && options.amend !== true) {
    throw new OcicatError("already-exists", {
      operation: "make",
      subject: `the list ${quote(name)}`,
      reason: "the store has an image of that name",
      hint: "--amend adds to the list that is there",
    });
  }
  const index = existing === undefined ? EMPTY_LIST : readList(store, name, existing);
  return await write(store, name, withMembers(index, members));
}

/** Throws "not-found" where there is none, "wrong-state" where the name is that of an image. */
export function findList(store: ContentStore, name: string): ImageIndex {
  return readList(store, name, requireName(store, name));
}

/** A member that is there already is replaced. */
export async function addToList(
  store: ContentStore,
  name: string,
  members: readonly Descriptor[],
): Promise<Descriptor> {
  return await edit(store, name, (index) => withMembers(index, members));
}

export async function annotateMember(
  store: ContentStore,
  name: string,
  digest: Digest,
  changes: MemberChanges,
): Promise<Descriptor> {
  return await edit(store, name, (index) => ({
    ...index,
    manifests: membersWith(index, name, digest).map((each) =>
      each.digest === digest ? changedMember(each, changes) : each,
    ),
  }));
}

export async function annotateList(
  store: ContentStore,
  name: string,
  annotations: Readonly<Record<string, string>>,
): Promise<Descriptor> {
  return await edit(store, name, (index) => ({
    ...index,
    annotations: { ...index.annotations, ...annotations },
  }));
}

export async function removeFromList(
  store: ContentStore,
  name: string,
  digest: Digest,
): Promise<Descriptor> {
  return await edit(store, name, (index) => ({
    ...index,
    manifests: membersWith(index, name, digest).filter((each) => each.digest !== digest),
  }));
}

/** Puts what is known of a member's platform in place of what its image says. */
export function changedMember(member: Descriptor, changes: MemberChanges): Descriptor {
  const platform = changedPlatform(member.platform, changes);
  const annotations = { ...member.annotations, ...changes.annotations };
  return {
    ...member,
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

const EMPTY_LIST: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

function changedPlatform(
  platform: Platform | undefined,
  changes: MemberChanges,
): Platform | undefined {
  const { os, architecture, variant, osVersion, osFeatures } = changes;
  const changed = {
    ...platform,
    ...(os === undefined ? {} : { os }),
    ...(architecture === undefined ? {} : { architecture }),
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { "os.version": osVersion }),
    ...(osFeatures === undefined ? {} : { "os.features": osFeatures }),
  };
  return Object.keys(changed).length === 0
    ? undefined
    : { ...changed, os: changed.os ?? "linux", architecture: changed.architecture ?? "unknown" };
}

function withMembers(index: ImageIndex, members: readonly Descriptor[]): ImageIndex {
  const added = new Map(members.map((member) => [member.digest, member]));
  const kept = index.manifests.filter(({ digest }) => !added.has(digest));
  return { ...index, manifests: [...kept, ...added.values()] };
}

function membersWith(index: ImageIndex, name: string, digest: Digest): readonly Descriptor[] {
  if (index.manifests.some((each) => each.digest === digest)) {
    return index.manifests;
  }
  throw new OcicatError("not-found", {
    operation: "find",
    subject: `${digest} in the list ${quote(name)}`,
    reason: "it is not a member",
  });
}

async function edit(
  store: ContentStore,
  name: string,
  change: (index: ImageIndex) => ImageIndex,
): Promise<Descriptor> {
  using _held = await lock(store.folders.staging.number, LOCK);
  return await write(store, name, change(findList(store, name)));
}

async function write(store: ContentStore, name: string, index: ImageIndex): Promise<Descriptor> {
  const before = store.findName(name);
  const content = encodeText(JSON.stringify(index));
  const descriptor = store.writeDocument(content, index.mediaType ?? OCI_INDEX);
  await store.setName(name, descriptor);
  if (before !== undefined && before.digest !== descriptor.digest) {
    await removeNameless(store, before.digest);
  }
  return descriptor;
}

/** Nobody asked for the earlier states of a list. */
async function removeNameless(store: ContentStore, digest: Digest): Promise<void> {
  const entries = store.names().filter((each) => each.descriptor.digest === digest);
  if (entries.every((each) => each.name === undefined)) {
    await store.removeDescriptors(digest);
  }
}

function requireName(store: ContentStore, name: string): Descriptor {
  const descriptor = store.findName(name);
  if (descriptor === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `the list ${quote(name)}`,
      reason: "it is not in the store",
    });
  }
  return descriptor;
}

function readList(store: ContentStore, name: string, descriptor: Descriptor): ImageIndex {
  if (isIndexType(descriptor.mediaType)) {
    const subject = `the list ${quote(name)}`;
    return decodeIndex(decodeText(store.readDocument(descriptor)), { subject });
  }
  throw new OcicatError("wrong-state", {
    operation: "read",
    subject: `the list ${quote(name)}`,
    reason: "it is an image for one platform",
  });
}
