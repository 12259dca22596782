// What a run needs of an image whose layers are in the store: one small file, so that a run of a stored
// image reads index.json and this file and nothing else. Both the file's name and its content follow
// from the digest of the document that index.json names, so that it never goes stale.
//
//   ROOT/images/sha256-HEX.linux-amd64.json     sha256-HEX.linux-amd64.single.json: its layers have a
//                                               single owner (see Ownership)
//     version    1
//     manifest   the digest of the image manifest
//     layers     names under ROOT/layers, topmost first
//     image      the image's configuration document, as text, without its history
//     notes      what unpacking could not keep

import { AT_FDCWD } from "../abi/file.ts";
import type { Digest } from "../oci/digest.ts";
import type { Image } from "../oci/image-spec.ts";
import { decodeImage } from "../oci/parse/image.ts";
import { formatPlatform, type Platform } from "../oci/platform.ts";
import { readTextFileIfExists, statAt } from "../sys/file.ts";

const VERSION = 1;

export interface ImageRecord {
  readonly manifest: string;
  readonly layers: readonly string[];
  readonly image: Image;
  readonly notes: readonly string[];
}

/**
 * Whose the files of unpacked layers are. "keep": real owners; in a user namespace those that it maps.
 * "single": everything belongs to the one user who unpacks. A store may hold a layer in both forms.
 */
export type Ownership = "keep" | "single";

export function recordName(digest: Digest, platform: Platform, ownership: Ownership): string {
  const name = `${digest}.${formatPlatform(platform)}`.replaceAll(/[:/]/g, "-");
  return `${name}${ownershipSuffix(ownership)}.json`;
}

export function layerName(chainId: string, ownership: Ownership): string {
  return `${chainId.replace(":", "-")}${ownershipSuffix(ownership)}`;
}

function ownershipSuffix(ownership: Ownership): string {
  return ownership === "keep" ? "" : `.${ownership}`;
}

export function layerPath(storeRoot: string, layer: string): string {
  return `${storeRoot}/layers/${layer}/fs`;
}

/** Undefined: there is none, it is of another version, or a layer of it is gone. */
export function findRecord(storeRoot: string, name: string): ImageRecord | undefined {
  const text = readTextFileIfExists(`${storeRoot}/images/${name}`);
  const record = text === undefined ? undefined : parseRecord(text);
  const complete = record?.layers.every(
    (layer) => statAt(AT_FDCWD, layerPath(storeRoot, layer)) !== undefined,
  );
  return complete === true ? record : undefined;
}

export function recordText(record: ImageRecord): string {
  const { history: _, ...image } = record.image;
  return JSON.stringify({ ...record, version: VERSION, image: JSON.stringify(image) });
}

function parseRecord(text: string): ImageRecord | undefined {
  const value = parseJson(text);
  if (
    typeof value !== "object" ||
    value === null ||
    !("version" in value && value.version === VERSION) ||
    !("manifest" in value && typeof value.manifest === "string") ||
    !("image" in value && typeof value.image === "string") ||
    !("layers" in value && isTextList(value.layers)) ||
    !("notes" in value && isTextList(value.notes))
  ) {
    return undefined;
  }
  const { manifest, layers, notes } = value;
  return { manifest, layers, notes, image: decodeImage(value.image) };
}

/** Undefined for what is no JSON: a file that a power cut left empty, say. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
