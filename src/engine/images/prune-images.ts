// Removing the images that nobody needs: those without a name, or all that no container uses.

import { collectGarbage } from "../../image/content/collect-garbage.ts";
import type { Digest } from "../../oci/digest.ts";
import { recordRemoval } from "../events/record-image-event.ts";
import { recordPrune } from "../events/record-prune.ts";
import { hostPlatform } from "../host-platform.ts";
import { type CatalogEntry, namesOf, readCatalog } from "./catalog.ts";
import { imageCondition } from "./image-filters.ts";
import { type ImageOptions, openImages } from "./image-session.ts";
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
  const { store, defaultDomain, surroundings } = session;
  const catalog = readCatalog(session, hostPlatform());
  const context = { catalog, defaultDomain, nowMs: Date.now() };
  const holds = imageCondition(options.filters ?? [], context);
  const removed: RemovedImage[] = [];
  const digests: Digest[] = [];
  for (const image of catalog.images) {
    if (image.containers.length > 0 || !holds(image)) {
      continue;
    }
    // Of an image that has names too, what has lost its own goes.
    const gone = options.all === true ? image.entries : nameless(image.entries);
    digests.push(...gone.map(({ descriptor }) => descriptor.digest));
    if (gone.length === image.entries.length) {
      const untagged = namesOf(image).map((name) => familiarName(name, defaultDomain));
      removed.push({ untagged, deleted: image.id });
    }
  }
  await store.removeDescriptors(...digests);
  for (const { untagged, deleted = "" } of removed) {
    recordRemoval(surroundings, { id: deleted, names: untagged });
  }
  const { bytes } = await collectGarbage(store);
  recordPrune(surroundings, "image", bytes);
  return { removed, freedBytes: bytes };
}

function nameless(entries: readonly CatalogEntry[]): readonly CatalogEntry[] {
  return entries.filter(({ name }) => name === undefined);
}
