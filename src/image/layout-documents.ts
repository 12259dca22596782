// Documents in the blobs of an OCI image layout: read, checked against their descriptors, parsed; and
// the way from what index.json names to one manifest.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../oci/digest.ts";
import type { Image, ImageManifest } from "../oci/image-spec.ts";
import { isConfigType, layerCompression, OCI_INDEX, OCI_MANIFEST } from "../oci/media-types.ts";
import {
  decodeImage,
  decodeImageDocument,
  decodeImageLayout,
  IMAGE_DOCUMENT_LENGTH_MAX,
} from "../oci/parse/image.ts";
import type { Platform } from "../oci/platform.ts";
import { readAll, readTextFileIfExists } from "../sys/file.ts";
import { decodeText } from "../sys/memory.ts";
import { DigestCheck } from "./digest-check.ts";
import { selectPlatform } from "./layout-index.ts";
import { openBlob } from "./unpack/blob.ts";

const DEEPEST_INDEX = 4;

export interface LayoutManifest {
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly image: Image;
}

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

/** The manifest that a descriptor of index.json leads to, through nested indexes, for a platform. */
export function readManifest(folder: string, top: Descriptor, platform: Platform): LayoutManifest {
  let descriptor = top;
  for (let depth = 0; depth < DEEPEST_INDEX; depth += 1) {
    const text = readDocument(folder, descriptor);
    const subject = `the blob ${descriptor.digest}`;
    const document = decodeImageDocument(text, descriptor.mediaType, { subject });
    if (document.kind === "manifest") {
      const { digest } = descriptor;
      return { digest, manifest: document.manifest, image: readImage(folder, document.manifest) };
    }
    descriptor = selectPlatform(document.index.manifests, platform, descriptor.digest);
  }
  throw new OcicatError("invalid-config", {
    operation: "read",
    subject: `the index ${top.digest}`,
    reason: `indexes are nested more than ${DEEPEST_INDEX} deep`,
  });
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

function readImage(folder: string, manifest: ImageManifest): Image {
  const { config, layers } = manifest;
  if (!isConfigType(config.mediaType)) {
    throw unsupported(`its configuration is of type ${quote(config.mediaType)}`);
  }
  const strange = layers.find(({ mediaType }) => layerCompression(mediaType) === undefined);
  if (strange !== undefined) {
    throw unsupported(`a layer is of type ${quote(strange.mediaType)}`);
  }
  const text = readDocument(folder, config);
  const image = decodeImage(text, { subject: `the blob ${config.digest}` });
  if (image.rootfs.diff_ids.length !== layers.length) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: `the image configuration ${config.digest}`,
      reason: `it lists ${image.rootfs.diff_ids.length} layers, the manifest ${layers.length}`,
    });
  }
  return image;
}

function unsupported(reason: string): OcicatError {
  return new OcicatError("unsupported", { operation: "run", subject: "the image", reason });
}

function readDocument(folder: string, { digest, size }: Descriptor): string {
  const subject = `the blob ${digest}`;
  if (size > IMAGE_DOCUMENT_LENGTH_MAX) {
    throw new OcicatError("exhausted", {
      operation: "read",
      subject,
      reason: `it is larger than ${IMAGE_DOCUMENT_LENGTH_MAX} bytes`,
    });
  }
  using file = openBlob(blobPath(folder, digest));
  const content = readAll(file.number, subject, IMAGE_DOCUMENT_LENGTH_MAX);
  if (content.length !== size) {
    throw new OcicatError("invalid-config", {
      operation: "verify",
      subject,
      reason: `it has ${content.length} bytes instead of ${size}`,
    });
  }
  const check = new DigestCheck(digest);
  check.update(content);
  check.verify(subject);
  return decodeText(content);
}
