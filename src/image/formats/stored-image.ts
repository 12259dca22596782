// What of an image the store has: its documents read and checked, its layers' descriptors.
//
// Of an index the store may have some of the manifests alone, those of the platforms that were wanted.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageManifest } from "../../oci/image-spec.ts";
import { isConfigType, isIndexType, isManifestType } from "../../oci/media-types.ts";
import { decodeImage, decodeImageDocument } from "../../oci/parse/image.ts";
import { choosePlatform, formatPlatform, type Platform } from "../../oci/platform.ts";
import { decodeText } from "../../sys/memory.ts";
import type { ContentStore } from "../content/content-store.ts";

const DEEPEST_INDEX = 4;

export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
  readonly manifest: ImageManifest;
  readonly config: Uint8Array;
  /** Of the uncompressed layers; undefined: it is no image of a container. */
  readonly diffIds: readonly Digest[] | undefined;
  readonly platform: Platform | undefined;
}

export interface StoredIndex {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
}

export interface StoredImage {
  /** A manifest or an index. */
  readonly top: Descriptor;
  readonly indexes: readonly StoredIndex[];
  readonly manifests: readonly StoredManifest[];
}

/** Throws "not-found" when the store has no manifest of it. */
export function readStoredImage(store: ContentStore, top: Descriptor): StoredImage {
  const indexes: StoredIndex[] = [];
  const manifests: StoredManifest[] = [];
  const visit = (descriptor: Descriptor, depth: number): void => {
    const { mediaType, digest } = descriptor;
    const isDocument = isIndexType(mediaType) || isManifestType(mediaType);
    if (!isDocument || depth > DEEPEST_INDEX || store.blobSize(digest) === undefined) {
      return;
    }
    const content = store.readDocument(descriptor);
    const subject = `the blob ${digest}`;
    const document = decodeImageDocument(decodeText(content), mediaType, { subject });
    if (document.kind === "manifest") {
      manifests.push(readManifest(store, { descriptor, content, manifest: document.manifest }));
      return;
    }
    indexes.push({ descriptor, content });
    for (const child of document.index.manifests) {
      visit(child, depth + 1);
    }
  };
  visit(top, 0);
  if (manifests.length === 0) {
    throw new OcicatError("not-found", {
      operation: "read",
      subject: `the image ${top.digest}`,
      reason: "the store has no manifest of it",
    });
  }
  return { top, indexes, manifests };
}

function readManifest(
  store: ContentStore,
  read: Pick<StoredManifest, "descriptor" | "content" | "manifest">,
): StoredManifest {
  const config = store.readDocument(read.manifest.config);
  if (!isConfigType(read.manifest.config.mediaType)) {
    return { ...read, config, diffIds: undefined, platform: read.descriptor.platform };
  }
  const subject = `the blob ${read.manifest.config.digest}`;
  const image = decodeImage(decodeText(config), { subject });
  const diffIds = image.rootfs.diff_ids;
  if (diffIds.length !== read.manifest.layers.length) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject,
      reason: `it lists ${diffIds.length} layers, the manifest ${read.manifest.layers.length}`,
    });
  }
  const { os, architecture, variant } = image;
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return { ...read, config, diffIds, platform: read.descriptor.platform ?? platform };
}

/** The manifest of one platform. Throws "not-found". */
export function manifestFor(image: StoredImage, platform: Platform): StoredManifest {
  const [only] = image.manifests;
  const platforms = image.manifests.map((each) => each.platform);
  const chosen = image.manifests[choosePlatform(platform, platforms)];
  const found = image.manifests.length === 1 ? only : chosen;
  if (found === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `an image for ${formatPlatform(platform)} in ${image.top.digest}`,
      reason: "the store has it for other platforms",
    });
  }
  return found;
}
