// What refers to an image in its registry, into the store: signatures, lists of parts.

import { quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { bringIn } from "../bring-in.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import { keepReferrers, type StoredReferrer } from "../content/referrer-index.ts";
import { subjectOf } from "../registry/referrers-tag.ts";
import type { TransferPlace } from "./pull-image.ts";
import { RegistrySource } from "./registry-source.ts";
import { referrersIn, walkReferrers } from "./walk-referrers.ts";

/** Of what a registry says about an artifact; more is left to the artifact itself. */
const LONGEST_ANNOTATIONS = 4096;

/** The subjects are in the store, and kept there. Returns what refers to them. */
export async function pullReferrers(
  { store, client }: TransferPlace,
  repository: ImageReference,
  subjects: readonly Digest[],
  options: BringInOptions,
): Promise<readonly StoredReferrer[]> {
  using leases = new DisposableStack();
  const source = new RegistrySource(client, repository);
  const referrersOf = referrersIn(client, repository);
  const found: StoredReferrer[] = [];
  for await (const { subject, descriptor, tag } of walkReferrers(subjects, referrersOf)) {
    leases.use(await bringIn(store, source, descriptor, { ...options, allPlatforms: true }));
    if (tag !== undefined || subjectOf(store.readDocument(descriptor)) === subject) {
      found.push({ subject, descriptor: shortened(descriptor), tag });
    } else {
      const text = `${descriptor.digest} does not refer to ${subject}, as ${quote(source.description)} says`;
      options.onEvent?.({ kind: "note", text });
    }
  }
  await keepReferrers(store.folders, found);
  return found;
}

/** The store's index has room for all images. */
function shortened({ mediaType, digest, size, artifactType, annotations }: Descriptor): Descriptor {
  const isShort = JSON.stringify(annotations ?? {}).length <= LONGEST_ANNOTATIONS;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined || !isShort ? {} : { annotations }),
  };
}
