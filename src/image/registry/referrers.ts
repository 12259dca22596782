// Which manifests of a repository refer to one (signatures, attestations, other artifacts): as the
// registry lists them, or by the tag in place of its list.

import { quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { decodeIndex } from "../../oci/parse/image.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { HostConnection } from "./host-connection.ts";
import { type ListRequest, listPages } from "./listing.ts";
import { readReferrersTag } from "./referrers-tag.ts";
import { RegistryError } from "./registry-error.ts";
import { pullAccess } from "./scopes.ts";

/** What registries say that know nothing of referrers. */
const NOT_KNOWN = [404, 405, 501];

export async function listReferrers(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
  artifactType: string | undefined,
): Promise<readonly Descriptor[]> {
  const listed =
    (await askRegistry(connection, reference, subject, artifactType)) ??
    (await readReferrersTag(connection, reference, subject)).index.manifests;
  // A registry need not filter.
  return artifactType === undefined
    ? listed
    : listed.filter((descriptor) => descriptor.artifactType === artifactType);
}

export async function keepsReferrers(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
): Promise<boolean> {
  const pages = listPages(connection, requestOf(reference, subject, undefined));
  for await (const _ of pages) {
    return true;
  }
  return false;
}

/** Undefined: the registry does not keep lists of referrers. */
async function askRegistry(
  connection: HostConnection,
  reference: ImageReference,
  subject: Digest,
  artifactType: string | undefined,
): Promise<readonly Descriptor[] | undefined> {
  const request = requestOf(reference, subject, artifactType);
  const found: Descriptor[] = [];
  let isKnown = false;
  for await (const { text } of listPages(connection, request)) {
    isKnown = true;
    found.push(...decodeIndex(text, { subject: `the list of referrers of ${subject}` }).manifests);
    const { listEntries } = connection.context.limits;
    if (found.length > listEntries) {
      const reason = `the list has more than ${listEntries} entries`;
      throw new RegistryError("exhausted", { ...request.task, reason });
    }
  }
  return isKnown ? found : undefined;
}

function requestOf(
  { domain, path }: ImageReference,
  subject: Digest,
  artifactType: string | undefined,
): ListRequest {
  const name = quote(`${domain}/${path}@${subject}`);
  return {
    task: { operation: "list", subject: `the referrers of ${name}` },
    target: `${path}/referrers/${subject}`,
    access: pullAccess(path),
    query: artifactType === undefined ? {} : { artifactType },
    emptyOn: NOT_KNOWN,
  };
}
