// The list of a manifest's referrers, for registries that do not keep one: an index under a tag that is
// made of the manifest's digest, "sha256-HEX". Whoever pushes or deletes a referrer keeps it up to date.
// Source: distribution-spec, "Referrers Tag Schema".

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf, isDigest } from "../../oci/digest.ts";
import type { ImageIndex } from "../../oci/image-spec.ts";
import { OCI_INDEX } from "../../oci/media-types.ts";
import { decodeIndex, decodeManifest } from "../../oci/parse/image.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { fetchManifest } from "./fetch-manifest.ts";
import type { HostConnection } from "./host-connection.ts";
import { type PushedManifest, putManifest } from "./put-manifest.ts";
import { propertyOf, RegistryError } from "./registry-error.ts";

const HEX_LENGTH_MAX = 64;
/** How often others may change the list between our reading and our writing. */
const CONFLICTS_MAX = 3;
const PRECONDITION_FAILED = 412;

function referrersTag(subject: Digest): string {
  return `${algorithmOf(subject)}-${hexOf(subject).slice(0, HEX_LENGTH_MAX)}`;
}

/** What a manifest refers to; undefined for one that stands for itself. */
export function subjectOf(manifest: Uint8Array): Digest | undefined {
  const digest = propertyOf(propertyOf(parsed(manifest), "subject"), "digest");
  return typeof digest === "string" && isDigest(digest) ? digest : undefined;
}

interface ReferrersList {
  readonly index: ImageIndex;
  readonly entityTag: string | undefined;
}

const EMPTY: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

export async function readReferrersTag(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
): Promise<ReferrersList> {
  const { domain, path } = reference;
  const tag = referrersTag(subject);
  try {
    const named = { domain, path, tag };
    const { content, entityTag } = await fetchManifest(connection, named, undefined);
    const text = new TextDecoder().decode(content);
    return {
      index: decodeIndex(text, { subject: `the list of referrers ${quote(tag)}` }),
      entityTag,
    };
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return { index: EMPTY, entityTag: undefined };
    }
    throw error;
  }
}

export async function addReferrer(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
  referrer: PushedManifest & { readonly digest: Digest },
): Promise<void> {
  const entry = describeReferrer(referrer);
  await changeList(connection, reference, subject, (manifests) =>
    manifests.some(({ digest }) => digest === entry.digest) ? manifests : [...manifests, entry],
  );
}

export async function removeReferrer(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
  referrer: Digest,
): Promise<void> {
  await changeList(connection, reference, subject, (manifests) =>
    manifests.some(({ digest }) => digest === referrer)
      ? manifests.filter(({ digest }) => digest !== referrer)
      : manifests,
  );
}

type Change = (manifests: readonly Descriptor[]) => readonly Descriptor[];

/** Where the registry has entity tags, a list that somebody else changed meanwhile is read again. */
async function changeList(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
  change: Change,
): Promise<void> {
  for (let conflicts = 0; ; conflicts += 1) {
    const { index, entityTag } = await readReferrersTag(connection, reference, subject);
    const manifests = change(index.manifests);
    if (manifests === index.manifests) {
      return;
    }
    const content = new TextEncoder().encode(JSON.stringify({ ...index, manifests }));
    const ifMatch = conflicts < CONFLICTS_MAX ? entityTag : undefined;
    const pushed = { content, mediaType: OCI_INDEX, ifMatch };
    try {
      await putManifest(connection, reference, referrersTag(subject), pushed);
      return;
    } catch (error) {
      const isConflict =
        error instanceof RegistryError && error.facts.status === PRECONDITION_FAILED;
      if (!isConflict || conflicts >= CONFLICTS_MAX) {
        throw error;
      }
    }
  }
}

/** As the registry would list it: with what its manifest says of itself. */
function describeReferrer({
  content,
  mediaType,
  digest,
}: PushedManifest & { readonly digest: Digest }): Descriptor {
  const text = new TextDecoder().decode(content);
  const subject = `the manifest ${digest}`;
  const isIndex = propertyOf(parsed(content), "manifests") !== undefined;
  const document = isIndex ? decodeIndex(text, { subject }) : decodeManifest(text, { subject });
  const ownType = "config" in document ? document.config.mediaType : undefined;
  const artifactType = document.artifactType ?? ownType;
  const { annotations } = document;
  return {
    mediaType,
    digest,
    size: content.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function parsed(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
}
