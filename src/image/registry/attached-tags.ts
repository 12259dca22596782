// What is attached to a manifest by nothing but the name of a tag, which is made of its digest: cosign's
// signatures, attestations and lists of parts, in the way that it had before registries listed referrers.
//
//   sha256-HEX.sig   sha256-HEX.att   sha256-HEX.sbom
//
// Source: cosign specs/SIGNATURE_SPEC.md, "Tag-based discovery".

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import { isTag } from "../../oci/reference.ts";

export interface AttachedManifest {
  readonly tag: string;
  readonly descriptor: Descriptor;
}

const SUFFIXES = ["sig", "att", "sbom"];

/** None for a digest that is too long for a tag. */
function attachedTags(subject: Digest): readonly string[] {
  const tags = SUFFIXES.map((suffix) => `${algorithmOf(subject)}-${hexOf(subject)}.${suffix}`);
  return tags.filter(isTag);
}

/** `resolve`: what a tag of the subject's repository leads to; throws "not-found" when there is none. */
export async function listAttached(
  subject: Digest,
  resolve: (tag: string) => Promise<Descriptor>,
): Promise<readonly AttachedManifest[]> {
  const found = attachedTags(subject).map(async (tag) => {
    try {
      return [{ tag, descriptor: await resolve(tag) }];
    } catch (error) {
      if (error instanceof OcicatError && error.code === "not-found") {
        return [];
      }
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}
