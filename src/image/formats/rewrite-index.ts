// Writes the indexes of an image anew when manifests that they list have changed.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { decodeIndex } from "../../oci/parse/image.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { sha256 } from "./assembled-source.ts";
import { indexType, type TypeFamily } from "./layer-types.ts";
import type { StoredImage, StoredIndex } from "./stored-image.ts";

export interface RewrittenImage {
  readonly top: Descriptor;
  /** What is new, or as it was. */
  readonly indexes: readonly StoredIndex[];
}

/**
 * `changed`: by the digest of each manifest that the store has, what stands in its place; itself where it
 * is as it was. An index of which nothing changed stays byte for byte; one that is written anew lists what
 * the store has, because the manifests that it does not have are of the old kind.
 */
export function rewriteIndexes(
  image: StoredImage,
  changed: ReadonlyMap<Digest, Descriptor>,
  family?: TypeFamily,
): RewrittenImage {
  const replaced = new Map(changed);
  const indexes: StoredIndex[] = [];
  // Outer indexes come before those that they list.
  for (const index of [...image.indexes].reverse()) {
    const rewritten = rewriteIndex(index, replaced, family);
    replaced.set(index.descriptor.digest, rewritten.descriptor);
    indexes.unshift(rewritten);
  }
  const top = replaced.get(image.top.digest) ?? image.top;
  return { top: { ...image.top, ...top }, indexes };
}

function rewriteIndex(
  index: StoredIndex,
  replaced: ReadonlyMap<Digest, Descriptor>,
  family: TypeFamily | undefined,
): StoredIndex {
  const document = decodeIndex(decodeText(index.content));
  const mediaType = family === undefined ? index.descriptor.mediaType : indexType(family);
  const isSame =
    mediaType === index.descriptor.mediaType &&
    document.manifests.every(({ digest }) => (replaced.get(digest)?.digest ?? digest) === digest);
  if (isSame) {
    return index;
  }
  const manifests = document.manifests.flatMap((child) => {
    const other = replaced.get(child.digest);
    const { data: _, ...bare } = child;
    return other === undefined
      ? []
      : [{ ...bare, mediaType: other.mediaType, digest: other.digest, size: other.size }];
  });
  const content = encodeText(JSON.stringify({ ...document, mediaType, manifests }));
  const described = { mediaType, digest: sha256(content), size: content.length };
  return { descriptor: { ...index.descriptor, ...described }, content };
}
