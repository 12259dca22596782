// Deleting from a registry: manifests, tags, blobs. Many registries allow none of it.

import { quote } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { fetchManifest } from "./fetch-manifest.ts";
import type { HostConnection } from "./host-connection.ts";
import { keepsReferrers } from "./referrers.ts";
import { removeReferrer, subjectOf } from "./referrers-tag.ts";
import { RegistryError, type Task } from "./registry-error.ts";
import { withRetries } from "./retry.ts";
import { deleteAccess } from "./scopes.ts";

/** With all its tags. Takes it out of the list of referrers that it is in. */
export async function deleteManifest(
  connection: HostConnection,
  reference: ImageReference,
  digest: Digest,
): Promise<void> {
  const { content } = await fetchManifest(connection, reference, digest);
  await deleteAt(connection, reference, "manifests", digest);
  const subject = subjectOf(content);
  if (subject !== undefined && !(await keepsReferrers(connection, reference, subject))) {
    await removeReferrer(connection, reference, subject, digest);
  }
}

/** The manifest stays. */
export async function deleteTag(
  connection: HostConnection,
  reference: ImageReference,
  tag: string,
): Promise<void> {
  await deleteAt(connection, reference, "manifests", tag);
}

export async function deleteBlob(
  connection: HostConnection,
  reference: ImageReference,
  digest: Digest,
): Promise<void> {
  await deleteAt(connection, reference, "blobs", digest);
}

async function deleteAt(
  connection: HostConnection,
  { domain, path }: ImageReference,
  kind: "blobs" | "manifests",
  name: string,
): Promise<void> {
  const task = {
    operation: "delete",
    subject: `${quote(name)} from ${quote(`${domain}/${path}`)}`,
  };
  await withRetries(connection.context, name, async () => {
    try {
      const answer = await connection.send(task, {
        method: "DELETE",
        target: `${path}/${kind}/${name}`,
        access: deleteAccess(path),
        accepts: [200, 202, 204],
      });
      await answer.discard();
    } catch (error) {
      throw isNotAllowed(error) ? notAllowed(task, error) : error;
    }
  });
}

/** Docker's registry says 405 where deleting is switched off, and 400 to the name of a tag. */
function isNotAllowed(error: unknown): error is RegistryError {
  return error instanceof RegistryError && [400, 405, 501].includes(error.facts.status ?? 0);
}

function notAllowed(task: Task, cause: RegistryError): RegistryError {
  const reason = `the registry does not do that: ${cause.reason}`;
  return new RegistryError("unsupported", { ...task, reason, cause }, cause.facts);
}
