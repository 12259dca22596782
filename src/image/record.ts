// What a run needs of an image that is in the store: one small file, so that a run reads index.json and
// this file and nothing else. Both the file's name and its content follow from the digest of the document
// that names the image (an index or a manifest), so that it never goes stale; it can be made again from
// the blobs.
//
//   ROOT/images/sha256-HEX.linux-amd64.json     sha256-HEX.linux-amd64.single.json: its layers have a
//                                               single owner (see Ownership)
//   ROOT/images/sha256-HEX.linux-amd64.map-HEX.json   its layers are for containers with certain ids
//     version    2
//     manifest   the digest of the image manifest
//     config     the digest of the image's configuration: the image's ID
//     root       {"format": "directory", "layers": [names under ROOT/layers, topmost first]}
//                {"format": "erofs", "image": PATH, "devices": [PATH, ...], "key": NAME}
//                PATHs are below ROOT, in the order of the image's device slots; the key names what is
//                mounted (src/image/image-mount.ts)
//     image      the image's configuration document, as text, without its history
//     notes      what unpacking could not keep

import { AT_FDCWD } from "../abi/file.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import type { Image } from "../oci/image-spec.ts";
import { decodeImage } from "../oci/parse/image.ts";
import { formatPlatform, type Platform } from "../oci/platform.ts";
import type { IdMaps } from "../plan/request.ts";
import { parseJson } from "../store/parse-json.ts";
import { call } from "../sys/call.ts";
import { readTextFileIfExists, statAt } from "../sys/file.ts";

const VERSION = 2;
/** 128 bits: a file's name has two hashes then, and room for more. */
const HASH_DIGITS = 32;

export type LayerFormat = "erofs" | "directory";

export interface ImageRecord {
  readonly manifest: Digest;
  readonly config: Digest;
  readonly root: StoredRoot;
  readonly image: Image;
  readonly notes: readonly string[];
}

/** How the files of an image are kept. */
export type StoredRoot =
  | { readonly format: "directory"; readonly layers: readonly string[] }
  | ErofsRoot;

export interface ErofsRoot {
  readonly format: "erofs";
  /** Of the file with the image's metadata, below the store's root. */
  readonly image: string;
  /** Of the files with its data, in the order of its device slots; none where the image has its own. */
  readonly devices: readonly string[];
  /** The same for the same content: a file name. */
  readonly key: string;
}

/**
 * Whose the files of unpacked layers are. "keep": real owners; in a user namespace those that it maps.
 * "single": everything belongs to the one user who unpacks. IdMaps: to whom the containers with these maps
 * that an ordinary user runs see them belong. A store may hold a layer in all forms.
 */
export type Ownership = "keep" | "single" | IdMaps;

/** Of what this process unpacks by itself. */
export function ownershipHere(): "keep" | "single" {
  return call("geteuid") === 0 ? "keep" : "single";
}

export function recordName(digest: Digest, platform: Platform, ownership: Ownership): string {
  const name = `${digest}.${formatPlatform(platform)}`.replaceAll(/[:/]/g, "-");
  return `${name}${ownershipSuffix(ownership)}.json`;
}

export function layerName(chainId: string, ownership: Ownership): string {
  return `${chainId.replace(":", "-")}${ownershipSuffix(ownership)}`;
}

/** The same only for the same maps. */
function ownershipSuffix(ownership: Ownership): string {
  if (ownership === "keep") {
    return "";
  }
  return ownership === "single" ? ".single" : `.map-${hashOf(ownership)}`;
}

function hashOf({ uid, gid }: IdMaps): string {
  const words = (map: IdMaps["uid"]): string =>
    map.map(({ containerID, hostID, size }) => `${containerID}:${hostID}:${size}`).join(" ");
  const hash = new Bun.CryptoHasher("sha256").update(`${words(uid)}\n${words(gid)}`);
  return hash.digest("hex").slice(0, HASH_DIGITS);
}

export function layerPath(storeRoot: string, layer: string): string {
  return `${storeRoot}/layers/${layer}/fs`;
}

/** What of the store a run of the image uses: paths below its root, of files or folders. */
export function filesOf({ root }: ImageRecord): readonly string[] {
  return root.format === "erofs"
    ? [...new Set([root.image, ...root.devices])]
    : root.layers.map((layer) => `layers/${layer}`);
}

/** Undefined: there is none, it is of another version, or a part of the image is gone. */
export function findRecord(storeRoot: string, name: string): ImageRecord | undefined {
  const record = readRecord(storeRoot, name);
  const isComplete = (each: ImageRecord): boolean =>
    filesOf(each).every((path) => statAt(AT_FDCWD, `${storeRoot}/${path}`) !== undefined);
  return record !== undefined && isComplete(record) ? record : undefined;
}

/** Undefined: there is none, or it is of another version. Parts of the image may be gone. */
export function readRecord(storeRoot: string, name: string): ImageRecord | undefined {
  const text = readTextFileIfExists(`${storeRoot}/images/${name}`);
  return text === undefined ? undefined : parseRecord(text);
}

export function recordText(record: ImageRecord): string {
  const { history: _, ...image } = record.image;
  return JSON.stringify({ ...record, version: VERSION, image: JSON.stringify(image) });
}

function parseRecord(text: string): ImageRecord | undefined {
  const value = parseJson(text);
  if (
    !isObject(value) ||
    value["version"] !== VERSION ||
    !isDigestText(value["manifest"]) ||
    !isDigestText(value["config"]) ||
    typeof value["image"] !== "string" ||
    !isTextList(value["notes"])
  ) {
    return undefined;
  }
  const { manifest, config, notes } = value;
  const root = parseRoot(value["root"]);
  return root === undefined
    ? undefined
    : { manifest, config, root, notes, image: decodeImage(value["image"]) };
}

function parseRoot(value: unknown): StoredRoot | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  const { format, layers, image, devices, key } = value;
  if (format === "directory" && isTextList(layers)) {
    return { format, layers };
  }
  const isErofs = format === "erofs" && typeof image === "string" && typeof key === "string";
  return isErofs && isTextList(devices) ? { format, image, devices, key } : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isDigestText(value: unknown): value is Digest {
  return typeof value === "string" && isDigest(value);
}
