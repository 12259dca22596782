// What a registry has, and its removal there. The store has no part in it.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { RegistryClient } from "../../image/registry/registry-client.ts";
import { DOCKER_HUB, type ImageReference, parseReference } from "../../oci/reference.ts";
import { openImages } from "./image-session.ts";
import { registryClient, type TransferOptions } from "./transfer-options.ts";

interface Place {
  readonly client: RegistryClient;
  readonly reference: ImageReference;
}

/** The tags of a repository ("debian", "quay.io/team/app"), as they come, page by page. */
export async function* listRegistryTags(
  repository: string,
  options: TransferOptions,
): AsyncGenerator<string, void, undefined> {
  const { client, reference } = await openPlace(repository, options);
  if (reference.tag !== undefined || reference.digest !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "list",
      subject: `the tags of ${quote(repository)}`,
      reason: "it names one image, not a repository",
    });
  }
  yield* client.tags(reference);
}

/** The names of the repositories of a registry ("localhost:5000"), as they come, page by page. */
export async function* listRepositories(
  domain: string,
  options: TransferOptions,
): AsyncGenerator<string, void, undefined> {
  if (domain === DOCKER_HUB) {
    throw new OcicatError("unsupported", {
      operation: "list",
      subject: `the repositories of ${quote(domain)}`,
      reason: "it tells nobody",
      hint: "https://hub.docker.com/search searches it",
    });
  }
  // A name below it, which tells whether it is one.
  const { client, reference } = await openPlace(`${domain}/any`, options);
  if (reference.domain !== domain) {
    throw new OcicatError("invalid-argument", {
      operation: "list",
      subject: `the repositories of ${quote(domain)}`,
      reason: "it is not the name of a registry: that has a dot or a port, or is localhost",
    });
  }
  yield* client.repositories(domain);
}

/**
 * "NAME:TAG": that tag alone. "NAME@DIGEST": the manifest, with all of its tags. Many registries allow neither:
 * error code "unsupported".
 */
export async function removeFromRegistry(image: string, options: TransferOptions): Promise<void> {
  const { client, reference } = await openPlace(image, options);
  const { tag, digest } = reference;
  if (digest !== undefined) {
    await client.deleteManifest(reference, digest);
  } else if (tag === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "remove",
      subject: `${quote(image)} from its registry`,
      reason: "it names no image: a tag or a digest has to be there",
    });
  } else {
    await removeTag(client, reference, tag);
  }
}

async function removeTag(
  client: RegistryClient,
  reference: ImageReference,
  tag: string,
): Promise<void> {
  try {
    await client.deleteTag(reference, tag);
  } catch (error) {
    if (!(error instanceof OcicatError && error.code === "unsupported")) {
      throw error;
    }
    const { digest } = await client.resolve(reference);
    const { domain, path } = reference;
    throw new OcicatError("unsupported", {
      operation: "remove",
      subject: `the tag ${quote(tag)} of ${quote(`${domain}/${path}`)}`,
      reason: `${quote(domain)} removes no tags alone, or nothing at all`,
      hint: `\`ocicat registry rm ${domain}/${path}@${digest}\` removes the image with all of its tags`,
      cause: error,
    });
  }
}

async function openPlace(name: string, options: TransferOptions): Promise<Place> {
  using session = await openImages(options);
  const reference = parseReference(name, { defaultDomain: session.defaultDomain });
  return { client: registryClient(session, reference.domain, options), reference };
}
