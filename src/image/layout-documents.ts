// An OCI image layout: where its blobs are, whether it is one, and what a blob is of which only the digest
// is known.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../oci/media-types.ts";
import { decodeImageLayout, IMAGE_DOCUMENT_LENGTH_MAX } from "../oci/parse/image.ts";
import { readAll, readTextFileIfExists } from "../sys/file.ts";
import { decodeText } from "../sys/memory.ts";
import { openBlob } from "./unpack/blob.ts";

export function blobPath(folder: string, digest: Digest): string {
  return `${folder}/blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/** Throws unless the folder is an image layout of a version that is known here. */
export function checkLayout(folder: string): void {
  const text = readTextFileIfExists(`${folder}/oci-layout`, IMAGE_DOCUMENT_LENGTH_MAX);
  if (text === undefined) {
    throw new OcicatError("not-found", {
      operation: "read",
      subject: `the image layout ${quote(folder)}`,
      reason: "it has no file oci-layout",
    });
  }
  decodeImageLayout(text, { subject: quote(`${folder}/oci-layout`) });
}

/** A descriptor for a document of which only the digest is known: by what the document says it is. */
export function describeBlob(folder: string, digest: Digest): Descriptor {
  using file = openBlob(blobPath(folder, digest));
  const content = readAll(file.number, `the blob ${digest}`, IMAGE_DOCUMENT_LENGTH_MAX);
  const document = parseObject(decodeText(content), digest);
  const stated = "mediaType" in document ? document.mediaType : undefined;
  const mediaType = "manifests" in document ? OCI_INDEX : OCI_MANIFEST;
  return {
    mediaType: typeof stated === "string" ? stated : mediaType,
    digest,
    size: content.length,
  };
}

function parseObject(text: string, digest: Digest): object {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Not JSON: the same as JSON that is no object.
  }
  if (typeof document === "object" && document !== null) {
    return document;
  }
  throw new OcicatError("invalid-config", {
    operation: "read",
    subject: `the blob ${digest}`,
    reason: "it is neither an image index nor an image manifest",
  });
}
