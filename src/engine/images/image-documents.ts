// The documents of an image of the catalog, read from the store.

import { OcicatError } from "../../error/ocicat-error.ts";
import { imageGraph } from "../../image/content/image-graph.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Image, ImageManifest } from "../../oci/image-spec.ts";
import type { CatalogImage } from "./catalog.ts";
import { entryOf } from "./find-image.ts";
import type { ImageSession } from "./image-session.ts";

export interface ImageDocuments {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  /** Undefined: an artifact. */
  readonly document: Image | undefined;
}

export function readDocuments({ store }: ImageSession, image: CatalogImage): ImageDocuments {
  const { manifests } = imageGraph(store.folders, entryOf(image, undefined).descriptor);
  const found = manifests.find(({ descriptor }) => descriptor.digest === image.facts.manifest);
  if (found === undefined) {
    throw new OcicatError("not-found", {
      operation: "read",
      subject: `image ${image.id}`,
      reason: "its manifest is gone",
    });
  }
  return {
    descriptor: found.descriptor,
    manifest: found.manifest,
    document: found.image,
  };
}
