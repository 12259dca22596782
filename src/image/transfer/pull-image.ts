// From a name in a registry to an image in the store, under that name. The name is given last: until then
// the store has the image as it was, whatever ends this process.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { DOCKER_INDEX } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from "../../oci/reference.ts";
import type { BringInOptions, BroughtIn } from "../bring-in-request.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageRecord } from "../record.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { noteOrigin } from "./note-origin.ts";
import { RegistrySource } from "./registry-source.ts";

/** Both ends of a transfer. */
export interface TransferPlace {
  readonly store: ContentStore;
  readonly client: RegistryClient;
}

export interface PullOptions extends BringInOptions {
  /** For names without a registry; "docker.io" when absent. */
  readonly defaultDomain?: string;
  /** Also what refers to it: signatures, lists of parts. */
  readonly referrers?: boolean;
}

export interface PullResult {
  /** Of the store, whole: "docker.io/library/debian:12", "docker.io/library/debian@sha256:...". */
  readonly name: string;
  /** Of the manifest or index that the name leads to. */
  readonly descriptor: Descriptor;
  /** Of the configuration; undefined: it is not an image that containers can be made of. */
  readonly imageId: Digest | undefined;
  /** "up-to-date": the store had all of it under this name. */
  readonly status: "up-to-date" | "updated";
  /** What the user should know: what unpacking could not keep, another platform than the wanted one. */
  readonly notes: readonly string[];
  /** What came along that refers to it; nothing unless it was asked for. */
  readonly referrers: readonly Descriptor[];
}

/**
 * Pulls by tag, or by digest when there is one. Throws what parseReference, the client and bringIn throw;
 * what has come until then stays for the next try.
 */
export async function pullImage(
  place: TransferPlace,
  reference: string,
  options: PullOptions,
): Promise<PullResult> {
  const { defaultDomain, ...bringInOptions } = options;
  const parsed = parseReference(reference, domainOption(defaultDomain));
  return await pull(place, withDefaultTag(parsed), bringInOptions);
}

/** Pulls every tag of a repository, one after the other. */
export async function* pullAllTags(
  place: TransferPlace,
  reference: string,
  options: PullOptions,
): AsyncGenerator<PullResult, void> {
  const { defaultDomain, ...bringInOptions } = options;
  const { domain, path } = parseReference(reference, domainOption(defaultDomain));
  for await (const tag of place.client.tags({ domain, path })) {
    yield await pull(place, { domain, path, tag }, bringInOptions);
  }
}

/**
 * What the store calls an image of a registry. A digest says all: a tag beside it is not kept, it may lead
 * elsewhere already.
 */
export function storedName(reference: ImageReference): string {
  const { domain, path, digest } = reference;
  return formatReference(digest === undefined ? reference : { domain, path, digest });
}

async function pull(
  { store, client }: TransferPlace,
  reference: ImageReference,
  options: Omit<PullOptions, "defaultDomain">,
): Promise<PullResult> {
  const name = storedName(reference);
  const resolved = await client.resolve(reference);
  options.onEvent?.({ kind: "resolved", name, digest: resolved.digest });
  const before = store.findName(name)?.digest;
  const isKnown = store.blobSize(resolved.digest) !== undefined;
  const descriptor = await fetchTop({ store, client }, reference, resolved);
  const source = new RegistrySource(client, reference);
  const { bringIn } = await import("../bring-in.ts");
  using brought = await bringIn(store, source, descriptor, options);
  await noteOrigin(store, reference, digestsOf(brought));
  const referrers = await referrersOf({ store, client }, reference, brought, options);
  const isUnchanged = isKnown && before === descriptor.digest && source.asked === 0;
  // What stands for an index of Docker's lists what the store has, which may be more now.
  if (store.findName(name)?.digest !== descriptor.digest || descriptor.mediaType === DOCKER_INDEX) {
    await store.setName(name, brought.descriptor);
  }
  return {
    name,
    descriptor: brought.descriptor,
    imageId: imageIdOf(brought),
    status: isUnchanged ? "up-to-date" : "updated",
    notes: notesOn(brought.manifests[0]?.record, options.platform),
    referrers,
  };
}

/** Of one manifest there is no choice: it is taken, whatever it is for. */
function notesOn(record: ImageRecord | undefined, wanted: Platform): readonly string[] {
  if (record === undefined) {
    return [];
  }
  const { os, architecture } = record.image;
  const isOfAnother = os !== wanted.os || architecture !== wanted.architecture;
  const note = `the image is for ${os}/${architecture}, not for ${wanted.os}/${wanted.architecture}`;
  return isOfAnother ? [note, ...record.notes] : record.notes;
}

async function referrersOf(
  place: TransferPlace,
  reference: ImageReference,
  { descriptor, manifests }: BroughtIn,
  options: Omit<PullOptions, "defaultDomain">,
): Promise<readonly Descriptor[]> {
  if (options.referrers !== true) {
    return [];
  }
  const { pullReferrers } = await import("./pull-referrers.ts");
  const digests = [descriptor, ...manifests.map((each) => each.descriptor)];
  const subjects = [...new Set(digests.map(({ digest }) => digest))];
  const found = await pullReferrers(place, reference, subjects, options);
  return found.map((referrer) => referrer.descriptor);
}

/** Its size is what it has: registries behind proxies tell another one when they are only asked for it. */
async function fetchTop(
  { store, client }: TransferPlace,
  reference: ImageReference,
  resolved: Descriptor,
): Promise<Descriptor> {
  const { digest } = resolved;
  const size = store.blobSize(digest);
  if (size !== undefined) {
    return { ...resolved, size };
  }
  const { descriptor, content } = await client.manifest(reference, digest);
  return store.writeDocument(content, descriptor.mediaType, digest);
}

function digestsOf({ descriptor, manifests }: BroughtIn): readonly Digest[] {
  const below = manifests.flatMap(({ descriptor: each, manifest }) => [
    each.digest,
    manifest.config.digest,
    ...manifest.layers.map((layer) => layer.digest),
  ]);
  return [descriptor.digest, ...below];
}

function imageIdOf({ manifests }: BroughtIn): Digest | undefined {
  const [first] = manifests;
  return first?.record?.config;
}

function domainOption(defaultDomain: string | undefined): { defaultDomain?: string } {
  return defaultDomain === undefined ? {} : { defaultDomain };
}
