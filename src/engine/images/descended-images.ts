// Which manifests are of an image, or of one that was made from it: the filter ancestor of ps.

import { OcicatError } from "../../error/ocicat-error.ts";
import { hostPlatform } from "../host-platform.ts";
import { type Catalog, type CatalogImage, readCatalog } from "./catalog.ts";
import { findImage } from "./find-image.ts";
import { type ImageOptions, openImages } from "./image-session.ts";

/** Digests of manifests, by what the image was called; none of an image that is not there. */
export async function descendedImages(
  words: readonly string[],
  options: ImageOptions,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  using session = await openImages(options);
  const catalog = readCatalog(session, hostPlatform());
  return new Map(
    words.map((word) => {
      const image = tryFind(catalog, word, session.defaultDomain);
      const made = image === undefined ? [] : catalog.images.filter((each) => isFrom(each, image));
      const entries = made.flatMap((each) => each.entries);
      return [word, new Set<string>(entries.map(({ facts }) => facts.manifest))];
    }),
  );
}

function tryFind(catalog: Catalog, word: string, defaultDomain: string): CatalogImage | undefined {
  try {
    return findImage(catalog, word, defaultDomain).image;
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}

/** It has all of its layers at the bottom, and more. */
function isFrom({ id, facts }: CatalogImage, ancestor: CatalogImage): boolean {
  const below = ancestor.facts.diffIds;
  return (
    id === ancestor.id ||
    (below.length > 0 &&
      facts.diffIds.length > below.length &&
      below.every((layer, index) => facts.diffIds[index] === layer))
  );
}
