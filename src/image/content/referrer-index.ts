// What refers to images of the store: signatures, lists of parts. Each is an entry of index.json, where
// other programs find it too, but no image of its own: it has no name, and goes with what it refers to.
//
//   {"mediaType": ..., "digest": ..., "size": ..., "artifactType": ...,
//    "annotations": {..., "io.ocicat.subject": "sha256:...", "io.ocicat.subject-tag": "sha256-....sig"}}
//
// The last is there where a tag alone says what it refers to (registry/attached-tags.ts).

import { OcicatError } from "../../error/ocicat-error.ts";
import { type Descriptor, SUBJECT_DIGEST, SUBJECT_TAG } from "../../oci/descriptor.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import type { Store } from "../../store/layout.ts";
import { changeIndex, changeLockedIndex, readIndex, readStandIns } from "./name-index.ts";

export interface Referrer {
  /** As a registry lists it: with the type of the artifact, and its annotations. */
  readonly descriptor: Descriptor;
  /** Where a registry has it, when that alone says what it refers to. */
  readonly tag?: string | undefined;
}

export interface StoredReferrer extends Referrer {
  readonly subject: Digest;
}

export function readReferrers(store: Store): readonly StoredReferrer[] {
  return readIndex(store).manifests.flatMap((entry) => {
    const subject = entry.annotations?.[SUBJECT_DIGEST] ?? "";
    const tag = entry.annotations?.[SUBJECT_TAG];
    return isDigest(subject) ? [{ subject, descriptor: withoutSubject(entry), tag }] : [];
  });
}

/** What is in the store for the sake of images: what refers to them, and what stands for them. */
export function readDependents(store: Store): readonly StoredReferrer[] {
  return [...readReferrers(store), ...readStandIns(store)];
}

/** Their content is in the store. */
export async function keepReferrers(
  store: Store,
  referrers: readonly StoredReferrer[],
): Promise<void> {
  await changeIndex(store, (manifests) => {
    const added = referrers.map(entryOf);
    const isAdded = (each: Descriptor): boolean => added.some((other) => isSameEntry(each, other));
    return [...manifests.filter((each) => !isAdded(each)), ...added];
  });
}

/**
 * Takes those out whose subject nothing needs. The lock of the index is held. Where the disk is too full
 * for a new index they stay for the next time: nobody minds entries without content.
 */
export function dropReferrers(store: Store, isNeeded: (subject: Digest) => boolean): void {
  try {
    changeLockedIndex(store, (manifests) =>
      manifests.filter((each) => {
        const subject = each.annotations?.[SUBJECT_DIGEST];
        return subject === undefined || (isDigest(subject) && isNeeded(subject));
      }),
    );
  } catch (error) {
    if (!(error instanceof OcicatError) || error.code !== "exhausted") {
      throw error;
    }
  }
}

function entryOf({ subject, descriptor, tag }: StoredReferrer): Descriptor {
  const annotations = {
    ...descriptor.annotations,
    [SUBJECT_DIGEST]: subject,
    ...(tag === undefined ? {} : { [SUBJECT_TAG]: tag }),
  };
  return { ...descriptor, annotations };
}

/** A tag leads to one thing: what it led to before is replaced. */
function isSameEntry(one: Descriptor, other: Descriptor): boolean {
  const isSameSubject = one.annotations?.[SUBJECT_DIGEST] === other.annotations?.[SUBJECT_DIGEST];
  const tag = one.annotations?.[SUBJECT_TAG];
  const isSameTag = tag !== undefined && tag === other.annotations?.[SUBJECT_TAG];
  return isSameSubject && (one.digest === other.digest || isSameTag);
}

function withoutSubject(entry: Descriptor): Descriptor {
  const { annotations = {}, ...bare } = entry;
  const { [SUBJECT_DIGEST]: _, [SUBJECT_TAG]: __, ...others } = annotations;
  return Object.keys(others).length === 0 ? bare : { ...bare, annotations: others };
}
