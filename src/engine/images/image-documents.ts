// The documents of an image of the catalog, read from the store.

import { OcicatError } from "../../error/ocicat-error.ts";
import { imageGraph, type StoredManifest } from "../../image/content/image-graph.ts";
import type { CatalogEntry } from "./catalog.ts";
import type { ImageSession } from "./image-session.ts";

export function readDocuments(
  { store }: ImageSession,
  { descriptor, facts }: CatalogEntry,
): StoredManifest {
  const { manifests } = imageGraph(store.folders, descriptor);
  const found = manifests.find((each) => each.descriptor.digest === facts.manifest);
  if (found === undefined) {
    throw new OcicatError("not-found", {
      operation: "read",
      subject: `image ${facts.config}`,
      reason: "its manifest is gone",
    });
  }
  return found;
}
