// The images of a store, as people know them: what each descriptor of index.json leads to, with all of its
// names, and which of them a name or an ID means.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { hexOf } from "../../oci/digest.ts";
import { isManifestType } from "../../oci/media-types.ts";
import type { ContainerImage } from "../../store/container-images.ts";
import type { ContentStore } from "./content-store.ts";
import { type ImageFacts, imageFacts } from "./image-facts.ts";
import { imageGraph } from "./image-graph.ts";
import { Metadata } from "./metadata.ts";

export interface StoredImage {
  /** Of the index or manifest that the names lead to. */
  readonly descriptor: Descriptor;
  /** None: the image has lost its names. */
  readonly names: readonly string[];
  /** Of the platforms that are here, in the order of the index. None: the image is damaged. */
  readonly manifests: readonly ImageFacts[];
}

/**
 * Of so few images the manifests are read: metadata.sqlite is one process's at a time, and a hundred
 * containers that start at once would wait for each other. It is made all the same: on a full disk it is
 * the room in which images can be removed (name-index.ts).
 */
const FEW = 32;

/** In the order of index.json, each image once. */
export function listImages(store: ContentStore): readonly StoredImage[] {
  const images = new Map<Digest, { descriptor: Descriptor; names: string[] }>();
  for (const { name, descriptor } of store.names()) {
    const image = images.get(descriptor.digest) ?? { descriptor, names: [] };
    images.set(descriptor.digest, image);
    image.names.push(...(name === undefined ? [] : [name]));
  }
  const metadata = new Metadata(store.root);
  const isRead = images.size <= FEW && metadata.isThere();
  const remembered = isRead ? undefined : metadata.findFacts([...images.keys()]);
  const found: ImageFacts[] = [];
  const result = [...images.values()].map((image) => {
    const { digest } = image.descriptor;
    const known = remembered?.get(digest);
    if (known !== undefined && store.blobSize(digest) !== undefined) {
      return { ...image, manifests: [known] };
    }
    // Which platforms are here can change: an index is always read.
    const graph = imageGraph(store.folders, image.descriptor);
    const manifests = graph.manifests.map(imageFacts);
    const isSound = graph.faults.length === 0 && isManifestType(image.descriptor.mediaType);
    found.push(...(isSound ? manifests : []));
    return { ...image, manifests };
  });
  if (found.length > 0 && !isRead) {
    metadata.rememberFacts(found);
  }
  return result;
}

const ID = /^(?:(sha256|sha512):)?([0-9a-f]{1,128})$/;

/**
 * The images whose ID, or whose manifest's or index's digest, begins with `text`: "sha256:0a1b", "0a1b".
 * Throws "invalid-argument" when IDs of several images do.
 */
export function findById(images: readonly StoredImage[], text: string): StoredImage | undefined {
  const [, algorithm, hex] = ID.exec(text) ?? [];
  if (hex === undefined) {
    return undefined;
  }
  const matches = (digest: Digest): boolean =>
    hexOf(digest).startsWith(hex) && (algorithm === undefined || digest.startsWith(algorithm));
  const found = images.filter(({ descriptor, manifests }) =>
    [descriptor.digest, ...manifests.flatMap(({ manifest, config }) => [manifest, config])].some(
      matches,
    ),
  );
  // Other forms of an image, in another compression for instance, have its ID too.
  const ids = new Set(found.map(({ manifests }) => manifests.map(({ config }) => config).join()));
  if (ids.size > 1) {
    throw new OcicatError("invalid-argument", {
      operation: "find",
      subject: `an image by ${quote(text)}`,
      reason: `${found.length} images match`,
      hint: "write more of its ID",
    });
  }
  return found[0];
}

/** The containers that use any platform of an image; `all`: containerImages of the store. */
export function containersOf(
  all: readonly ContainerImage[],
  { manifests }: StoredImage,
): readonly string[] {
  const digests = new Set(manifests.map(({ manifest }) => manifest));
  return all.filter(({ manifest }) => digests.has(manifest)).map(({ container }) => container);
}
