// From JSON to the typed documents of the image specification. Registries and archives are not
// trusted: a document has a greatest length, and says one thing only (CVE-2021-41190: a document
// that is an index to one reader and a manifest to another).

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestProblem } from "../digest.ts";
import type { Image, ImageIndex, ImageLayout, ImageManifest } from "../image-spec.ts";
import { isIndexType, isManifestType } from "../media-types.ts";
import { decode } from "./decode.ts";
import type { Fields } from "./fields.ts";
import { checkImage } from "./image-config.ts";
import type { ParseOptions } from "./report.ts";
import { shown } from "./scalars.ts";

/** What registries agree on for manifests; the length of a text is at most that of its bytes. */
export const IMAGE_DOCUMENT_LENGTH_MAX = 4 * 1024 * 1024;

export function decodeIndex(text: string, options: ParseOptions = {}): ImageIndex {
  return decodeBounded(text, checkIndex, { subject: "image index", ...options }) as ImageIndex;
}

export function decodeManifest(text: string, options: ParseOptions = {}): ImageManifest {
  const document = decodeBounded(text, checkManifest, { subject: "image manifest", ...options });
  return document as ImageManifest;
}

/** An image's configuration. */
export function decodeImage(text: string, options: ParseOptions = {}): Image {
  return decodeBounded(text, checkImage, { subject: "image configuration", ...options }) as Image;
}

/** A descriptor from elsewhere, such as an image layout's or an API's request. */
export function decodeDescriptor(text: string, options: ParseOptions = {}): Descriptor {
  return decodeBounded(text, checkDescriptor, { subject: "descriptor", ...options }) as Descriptor;
}

/** The file `oci-layout`. */
export function decodeImageLayout(text: string, options: ParseOptions = {}): ImageLayout {
  return decodeBounded(text, checkLayout, { subject: "oci-layout", ...options }) as ImageLayout;
}

export type ImageDocument =
  | { readonly kind: "index"; readonly index: ImageIndex }
  | { readonly kind: "manifest"; readonly manifest: ImageManifest };

/** What a descriptor or a registry calls `mediaType`: an index or a manifest. */
export function decodeImageDocument(
  text: string,
  mediaType: string,
  options: ParseOptions = {},
): ImageDocument {
  if (isIndexType(mediaType)) {
    return { kind: "index", index: decodeIndex(text, options) };
  }
  if (isManifestType(mediaType)) {
    return { kind: "manifest", manifest: decodeManifest(text, options) };
  }
  throw new OcicatError("unsupported", {
    operation: "read",
    subject: options.subject ?? "image",
    reason: `${shown(mediaType)} is neither an image index nor an image manifest`,
  });
}

function decodeBounded(
  text: string,
  check: (fields: Fields) => void,
  options: ParseOptions & { readonly subject: string },
): unknown {
  if (text.length > IMAGE_DOCUMENT_LENGTH_MAX) {
    const reason = `longer than ${IMAGE_DOCUMENT_LENGTH_MAX} bytes`;
    throw new OcicatError("invalid-config", {
      operation: "parse",
      subject: options.subject,
      reason,
      faults: [{ path: "", reason }],
    });
  }
  return decode(text, "", check, options);
}

function checkIndex(index: Fields): void {
  checkHead(index, isIndexType, ["config", "layers", "fsLayers"]);
  index.required("manifests");
  index.objects("manifests", checkDescriptor);
}

function checkManifest(manifest: Fields): void {
  checkHead(manifest, isManifestType, ["manifests", "fsLayers"]);
  manifest.required("config");
  // Go's programs write an empty list as null; the model has it as a list.
  manifest.fillIn("layers", []);
  manifest.object("config", checkDescriptor);
  manifest.objects("layers", checkDescriptor);
}

function checkHead(
  document: Fields,
  isOwnType: (mediaType: string) => boolean,
  foreign: readonly string[],
): void {
  document.required("schemaVersion");
  document.integer("schemaVersion", 2, 2);
  document.text("mediaType", (value) =>
    isOwnType(value) ? undefined : `${shown(value)} is the type of another document`,
  );
  document.text("artifactType");
  document.object("subject", checkDescriptor);
  document.textRecord("annotations");
  for (const name of foreign) {
    if (document.has(name)) {
      document.fault(name, "belongs into another kind of document");
    }
  }
}

function checkDescriptor(descriptor: Fields): void {
  descriptor.required("mediaType", "digest", "size");
  descriptor.text("mediaType");
  descriptor.text("digest", digestProblem);
  descriptor.integer("size", 0, Number.MAX_SAFE_INTEGER);
  descriptor.texts("urls");
  descriptor.textRecord("annotations");
  descriptor.text("data");
  descriptor.text("artifactType");
  descriptor.object("platform", checkPlatform);
}

function checkPlatform(platform: Fields): void {
  platform.required("architecture", "os");
  for (const name of ["architecture", "os", "variant", "os.version"]) {
    platform.text(name);
  }
  platform.texts("os.features");
}

function checkLayout(layout: Fields): void {
  layout.required("imageLayoutVersion");
  layout.text("imageLayoutVersion", (value) =>
    value.startsWith("1.") ? undefined : `${shown(value)} is not supported, only 1.x is`,
  );
}
