// Stand-ins for images of Docker's media types. Programs that read image layouts look for OCI's types behind
// the names of index.json and pass over all others. So a name leads them to the same image in OCI's types:
// manifests and indexes written anew, which say what they stand for; configuration and layers are the same
// blobs. The store itself takes the image as it came, and pushes that.
//
// Of an index the stand-in lists what the store has.

import { type Descriptor, STANDS_FOR } from "../../oci/descriptor.ts";
import { isConfigType, isIndexType, layerCompression, OCI_INDEX } from "../../oci/media-types.ts";
import { decodeIndex } from "../../oci/parse/image.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { encodeManifest, familyOf, retypeLayer } from "../formats/layer-types.ts";
import type { ContentStore } from "./content-store.ts";
import { imageGraph, type StoredManifest } from "./image-graph.ts";
import { originalText } from "./stand-in-entry.ts";

/** Undefined: other programs find the image itself, or nothing of it can be written otherwise. */
export function writeStandIn(store: ContentStore, image: Descriptor): Descriptor | undefined {
  if (familyOf(image.mediaType) !== "docker") {
    return undefined;
  }
  const { manifests } = imageGraph(store.folders, image);
  const [first] = manifests;
  if (first === undefined) {
    return undefined;
  }
  return isIndexType(image.mediaType)
    ? writeIndex(store, image, manifests)
    : writeManifest(store, first);
}

function writeIndex(
  store: ContentStore,
  image: Descriptor,
  manifests: readonly StoredManifest[],
): Descriptor | undefined {
  const written = new Map(
    manifests.map((each) => [each.descriptor.digest, writeManifest(store, each)]),
  );
  const index = decodeIndex(decodeText(store.readDocument(image)));
  const listed = index.manifests.flatMap(({ data: _, ...child }) => {
    const other = written.get(child.digest);
    return other === undefined ? [] : [{ ...child, ...other }];
  });
  const annotations = { ...index.annotations, [STANDS_FOR]: originalText(image) };
  const document = { ...index, mediaType: OCI_INDEX, manifests: listed, annotations };
  const content = encodeText(JSON.stringify(document));
  return listed.length === 0 ? undefined : store.writeDocument(content, OCI_INDEX);
}

function writeManifest(
  store: ContentStore,
  { descriptor, manifest }: StoredManifest,
): Descriptor | undefined {
  const { config, layers } = manifest;
  const isImage = layers.every(({ mediaType }) => layerCompression(mediaType) !== undefined);
  if (!isConfigType(config.mediaType) || !isImage) {
    return undefined;
  }
  const { mediaType, digest, size } = descriptor;
  if (familyOf(mediaType) !== "docker") {
    return { mediaType, digest, size };
  }
  const annotations = { ...manifest.annotations, [STANDS_FOR]: originalText(descriptor) };
  const typed = layers.map((layer) => retypeLayer(layer, "oci"));
  const encoded = encodeManifest({ ...manifest, annotations }, typed, "oci");
  return store.writeDocument(encoded.content, encoded.mediaType);
}
