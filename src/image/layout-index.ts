// The index.json of an OCI image layout (image-spec image-layout.md), and which of its descriptors a
// reference means.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { type Descriptor, REFERENCE_NAME } from "../oci/descriptor.ts";
import type { ImageIndex } from "../oci/image-spec.ts";
import { decodeIndex, IMAGE_DOCUMENT_LENGTH_MAX } from "../oci/parse/image.ts";
import { choosePlatform, formatPlatform, type Platform } from "../oci/platform.ts";
import { readTextFileIfExists } from "../sys/file.ts";
import type { LayoutReference } from "./layout-reference.ts";

export function readLayoutIndex(folder: string): ImageIndex {
  const path = `${folder}/index.json`;
  const text = readTextFileIfExists(path, IMAGE_DOCUMENT_LENGTH_MAX);
  if (text === undefined) {
    throw new OcicatError("not-found", {
      operation: "read",
      subject: `the image layout ${quote(folder)}`,
      reason: "it has no index.json",
    });
  }
  return decodeIndex(text, { subject: quote(path) });
}

/** Undefined: a digest that index.json does not list. An index inside the layout may. */
export function selectDescriptor(
  index: ImageIndex,
  reference: LayoutReference,
  platform: Platform,
): Descriptor | undefined {
  const { digest, name, folder } = reference;
  if (digest !== undefined) {
    return index.manifests.find((descriptor) => descriptor.digest === digest);
  }
  const candidates = name === undefined ? index.manifests : named(index.manifests, name);
  if (candidates.length === 0) {
    throw notFound(folder, name === undefined ? "it is empty" : `it has no ${quote(name)}`, index);
  }
  if (name === undefined && new Set(candidates.map(nameOf)).size > 1) {
    throw notFound(folder, "it has several, and none was named", index);
  }
  return candidates.length === 1 ? candidates[0] : selectPlatform(candidates, platform, folder);
}

export function selectPlatform(
  descriptors: readonly Descriptor[],
  wanted: Platform,
  subject: string,
): Descriptor {
  const platforms = descriptors.map((descriptor) => descriptor.platform);
  const chosen = descriptors[choosePlatform(wanted, platforms)];
  if (chosen === undefined) {
    const offered = platforms.flatMap((each) => (each === undefined ? [] : [formatPlatform(each)]));
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `an image for ${formatPlatform(wanted)} in ${quote(subject)}`,
      reason: offered.length === 0 ? "it has none" : `it has ${offered.join(", ")}`,
    });
  }
  return chosen;
}

/** By the whole name, or by the tag of a whole name as containerd and podman write it. */
function named(manifests: readonly Descriptor[], name: string): readonly Descriptor[] {
  const exact = manifests.filter((descriptor) => nameOf(descriptor) === name);
  return exact.length > 0
    ? exact
    : manifests.filter((descriptor) => nameOf(descriptor)?.endsWith(`:${name}`) === true);
}

function nameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[REFERENCE_NAME];
}

const MOST_NAMES_SHOWN = 20;

function notFound(folder: string, reason: string, index: ImageIndex): OcicatError {
  const names = index.manifests.flatMap((descriptor) => nameOf(descriptor) ?? []);
  const shown = names.slice(0, MOST_NAMES_SHOWN).map(quote).join(", ");
  return new OcicatError("not-found", {
    operation: "choose an image from",
    subject: `the layout ${quote(folder)}`,
    reason,
    ...(shown === "" ? {} : { hint: `names in this layout: ${shown}` }),
  });
}
