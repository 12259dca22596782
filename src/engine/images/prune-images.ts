// Removing the images that nobody needs: those without a name, or all that no container uses.

import { collectGarbage } from "../../image/content/collect-garbage.ts";
import type { Digest } from "../../oci/digest.ts";
import { namesOf, readCatalog } from "./catalog.ts";
import { imageCondition } from "./image-filters.ts";
import { hostPlatform, type ImageOptions, openImages } from "./image-session.ts";
import type { RemovedImage } from "./remove-images.ts";
import { familiarName } from "./shown-names.ts";

export interface PruneOptions extends ImageOptions {
  /** Not only those without a name. */
  readonly all?: boolean;
  /** See image-filters.ts. */
  readonly filters?: readonly string[];
}

export interface Pruned {
  readonly removed: readonly RemovedImage[];
  readonly freedBytes: number;
}

/** Also collects what interrupted commands left. */
export async function pruneImages(options: PruneOptions): Promise<Pruned> {
  using session = await openImages(options);
  const { store, defaultDomain } = session;
  const catalog = readCatalog(session, hostPlatform());
  const context = { catalog, defaultDomain, nowMs: Date.now() };
  const holds = imageCondition(options.filters ?? [], context);
  const removed: RemovedImage[] = [];
  for (const image of catalog.images) {
    const isWanted = options.all === true || namesOf(image).length === 0;
    if (!isWanted || image.containers.length > 0 || !holds(image)) {
      continue;
    }
    const digests = new Set<Digest>(image.entries.map(({ descriptor }) => descriptor.digest));
    for (const digest of digests) {
      await store.removeDescriptors(digest);
    }
    const untagged = namesOf(image).map((name) => familiarName(name, defaultDomain));
    removed.push({ untagged, deleted: image.id });
  }
  const { bytes } = await collectGarbage(store);
  return { removed, freedBytes: bytes };
}
