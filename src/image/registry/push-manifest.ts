// A manifest on its way to a registry, and the list of referrers beside it where the registry does not
// keep one (distribution-spec, "Pushing Manifests with Subject").

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { algorithmOf, type Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { digestOf } from "./fetch-manifest.ts";
import type { HostConnection } from "./host-connection.ts";
import { type PushedManifest, putManifest } from "./put-manifest.ts";
import { addReferrer, subjectOf } from "./referrers-tag.ts";

/** Under the reference's tag, else under the digest. Throws invalid-argument if it has another digest. */
export async function pushManifest(
  connection: HostConnection,
  reference: ImageReference,
  manifest: PushedManifest,
): Promise<Digest> {
  const expected = reference.digest;
  const digest = digestOf(
    manifest.content,
    expected === undefined ? "sha256" : algorithmOf(expected),
  );
  if (expected !== undefined && digest !== expected) {
    throw new OcicatError("invalid-argument", {
      operation: "push",
      subject: `a manifest as ${quote(expected)}`,
      reason: `its digest is ${digest}`,
    });
  }
  const answer = await putManifest(connection, reference, reference.tag ?? digest, manifest);
  const subject = subjectOf(manifest.content);
  if (subject !== undefined && answer.headers.get("oci-subject") === null) {
    await addReferrer(connection, reference, subject, { ...manifest, digest });
  }
  return digest;
}
