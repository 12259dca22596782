// Which image of the store a user means: by a name, by the beginning of its ID, or by the digest of its
// manifest.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { findStoredName } from "../../image/find-stored-name.ts";
import { hexOf, isBeginningOf } from "../../oci/digest.ts";
import { parseReference } from "../../oci/reference.ts";
import {
  type BrokenImage,
  type Catalog,
  type CatalogEntry,
  type CatalogImage,
  namesOf,
} from "./catalog.ts";
import { familiarName } from "./shown-names.ts";
import { similarNames } from "./similar-names.ts";

export interface FoundImage {
  readonly image: CatalogImage;
  /** The name that was meant, as index.json has it; undefined: it was found by an ID or a digest. */
  readonly name: string | undefined;
}

/**
 * Throws "not-found", with similar names, "invalid-argument" for the beginning of several IDs, and
 * "invalid-config" for an image that is damaged.
 */
export function findImage(catalog: Catalog, text: string, defaultDomain: string): FoundImage {
  const found =
    findByName(catalog, text, defaultDomain) ??
    findById(catalog, text) ??
    findByDigest(catalog, text);
  if (found !== undefined) {
    return found;
  }
  const broken = findBroken(catalog, text, defaultDomain);
  if (broken !== undefined) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: `image ${quote(text)}`,
      reason: broken.reason,
      hint: "`ocicat system check` tells what is damaged; `ocicat pull` gets the image again",
    });
  }
  // Says what is wrong with a name that could not be one.
  if (!/^(sha\d+:.*|[0-9a-f]{64}|[0-9a-f]{128})$/.test(text)) {
    parseReference(text, { defaultDomain });
  }
  throw notFound(catalog, text, defaultDomain);
}

/** Where a name leads; of an image that was found by its ID, where its first name does. */
export function entryOf({ entries, id }: CatalogImage, name: string | undefined): CatalogEntry {
  const entry = entries.find((each) => each.name === name) ?? entries[0];
  if (entry === undefined) {
    throw new OcicatError("internal", {
      operation: "find",
      subject: `image ${id}`,
      reason: "nothing leads to it",
    });
  }
  return entry;
}

function findByName(
  { images }: Catalog,
  text: string,
  defaultDomain: string,
): FoundImage | undefined {
  const placed = images.flatMap((image) => image.entries.map((entry) => ({ ...entry, image })));
  const found = findStoredName(placed, text, defaultDomain);
  return found === undefined ? undefined : { image: found.image, name: found.name };
}

function findById({ images }: Catalog, text: string): FoundImage | undefined {
  const matching = images.filter(({ id }) => isBeginningOf(text, id));
  const [image] = matching;
  if (matching.length > 1) {
    const ids = matching.map(({ id }) => hexOf(id).slice(0, Math.max(text.length + 2, 12)));
    throw new OcicatError("invalid-argument", {
      operation: "find",
      subject: `image ${quote(text)}`,
      reason: `it is the beginning of several IDs: ${ids.join(", ")}`,
      hint: "give more of the ID, or a name",
    });
  }
  return image === undefined ? undefined : { image, name: undefined };
}

/** Of the manifest, or of what index.json has. */
function findByDigest({ images }: Catalog, text: string): FoundImage | undefined {
  const image = images.find(({ facts, entries }) =>
    [facts.manifest, ...entries.map(({ descriptor }) => descriptor.digest)].some(
      (digest) => digest === text || hexOf(digest) === text,
    ),
  );
  return image === undefined ? undefined : { image, name: undefined };
}

/** By its name, or by the digest of what index.json has. */
export function findBroken(
  { broken }: Catalog,
  text: string,
  defaultDomain: string,
): BrokenImage | undefined {
  return broken.find(({ names, descriptor }) => {
    const entries = names.map((name) => ({ name, descriptor }));
    const isNamed = findStoredName(entries, text, defaultDomain) !== undefined;
    return isNamed || text === descriptor.digest;
  });
}

function notFound({ images }: Catalog, text: string, defaultDomain: string): OcicatError {
  const names = images.flatMap(namesOf).map((name) => familiarName(name, defaultDomain));
  const similar = similarNames(text, names);
  return new OcicatError("not-found", {
    operation: "find",
    subject: `image ${quote(text)}`,
    reason: "it is not in the store",
    hint:
      similar.length > 0
        ? `did you mean ${similar.join(", ")}?`
        : "`ocicat images` lists those that are; `ocicat pull` gets more",
  });
}
