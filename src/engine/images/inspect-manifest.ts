// The manifest or index that a name leads to, as it is: from the store, or from the registry when the store
// has none.

import { OcicatError } from "../../error/ocicat-error.ts";
import { imageGraph } from "../../image/content/image-graph.ts";
import { readReferrers } from "../../image/content/referrer-index.ts";
import { referrersIn } from "../../image/transfer/walk-referrers.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageIndex } from "../../oci/image-spec.ts";
import { OCI_INDEX } from "../../oci/media-types.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";
import { decodeText } from "../../sys/memory.ts";
import { type ImageSession, openImages } from "./image-session.ts";
import { tryParseName } from "./shown-names.ts";
import { descriptorOf } from "./tag-image.ts";
import { registryClient, type TransferOptions } from "./transfer-options.ts";

export interface InspectedManifest {
  readonly descriptor: Descriptor;
  readonly text: string;
}

export interface InspectManifestOptions extends TransferOptions {
  /** Asks the registry whatever the store has. */
  readonly remote?: boolean;
}

/** Throws OcicatError: that of the registry where both have none. */
export async function inspectManifest(
  image: string,
  options: InspectManifestOptions,
): Promise<InspectedManifest> {
  using session = await openImages(options);
  const stored = options.remote === true ? undefined : tryFind(session, image);
  if (stored !== undefined) {
    return { descriptor: stored, text: decodeText(session.store.readDocument(stored)) };
  }
  const reference = withDefaultTag(parseReference(image, { defaultDomain: session.defaultDomain }));
  const client = registryClient(session, reference.domain, options);
  const { descriptor, content } = await client.manifest(reference);
  return { descriptor, text: decodeText(content) };
}

function tryFind(session: ImageSession, image: string): Descriptor | undefined {
  try {
    return descriptorOf(session, image);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return tryFindEmpty(session, image);
    }
    throw error;
  }
}

/** A list that has no image yet stands for none. */
function tryFindEmpty(
  { store, defaultDomain }: ImageSession,
  name: string,
): Descriptor | undefined {
  const reference = tryParseName(name, defaultDomain);
  return reference === undefined
    ? undefined
    : store.findName(formatReference(withDefaultTag(reference)));
}

/**
 * What refers to an image: of the store's images what the store has, of others what their registry says.
 * As an index, which is the form that registries have for it.
 */
export async function inspectReferrers(
  image: string,
  options: InspectManifestOptions,
): Promise<ImageIndex> {
  using session = await openImages(options);
  const stored = options.remote === true ? undefined : tryFind(session, image);
  const manifests =
    stored === undefined
      ? await registryReferrers(session, image, options)
      : storedReferrers(session, stored);
  return { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
}

/** Also those of the platforms that an index lists. */
function storedReferrers({ store }: ImageSession, top: Descriptor): readonly Descriptor[] {
  const { manifests } = imageGraph(store.folders, top);
  const subjects = new Set([top.digest, ...manifests.map((each) => each.descriptor.digest)]);
  const referrers = readReferrers(store.folders);
  return referrers.flatMap(({ subject, descriptor }) => (subjects.has(subject) ? descriptor : []));
}

async function registryReferrers(
  session: ImageSession,
  image: string,
  options: InspectManifestOptions,
): Promise<readonly Descriptor[]> {
  const reference = withDefaultTag(parseReference(image, { defaultDomain: session.defaultDomain }));
  const client = registryClient(session, reference.domain, options);
  const { digest } = await client.resolve(reference);
  const referrers = await referrersIn(client, reference)(digest);
  return referrers.map(({ descriptor }) => descriptor);
}
