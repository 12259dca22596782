// The archive of `docker save` and `podman save` as a source of images:
//
//   manifest.json       [{"Config": MEMBER, "RepoTags": ["debian:12", ...] or null,
//                         "Layers": [MEMBER, ...]}, ...]                       the base layer first
//   MEMBER              an image's configuration, or a layer, under any name: "HEX.json", "HEX.tar",
//                       "HEX/layer.tar", "blobs/sha256/HEX". Layers are mostly uncompressed.
//
// There is no manifest in it: one is made here, in OCI's types, of nothing but what the archive says, so
// that the same archive always gives the same image. The configuration stays as it is, byte for byte: its
// digest is the image's id for Docker, podman and ocicat.
// Source: Docker's image specification v1.2, "Combined Image JSON + Filesystem Changeset Format".

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import {
  type LayerCompression,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import { decodeImage, IMAGE_DOCUMENT_LENGTH_MAX } from "../../oci/parse/image.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { detectCompression } from "../layers/inflate.ts";
import { type AssembledSource, digestOfMember, sha256 } from "./assembled-source.ts";
import { type Member, type Members, readWhole, requireMember } from "./members.ts";

export const DOCKER_MANIFESTS = "manifest.json";

export interface DockerArchiveEntry {
  readonly config: string;
  /** As written: "debian:12". */
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

export const LAYER_TYPES: Readonly<Record<LayerCompression, string>> = {
  none: OCI_LAYER,
  gzip: OCI_LAYER_GZIP,
  zstd: OCI_LAYER_ZSTD,
};

/** What manifest.json lists. */
export async function readDockerManifests(
  members: Members,
): Promise<readonly DockerArchiveEntry[]> {
  const member = requireMember(members, DOCKER_MANIFESTS);
  const text = decodeText(await readWhole(member, IMAGE_DOCUMENT_LENGTH_MAX));
  const document = parseJson(text);
  const entries = Array.isArray(document) ? document.map(parseEntry) : [undefined];
  return entries.map((entry) => {
    if (entry === undefined) {
      throw new OcicatError("invalid-config", {
        operation: "read",
        subject: `${quote(DOCKER_MANIFESTS)} in ${members.description}`,
        reason: "it is not a list of images with Config, RepoTags and Layers",
      });
    }
    return entry;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseEntry(entry: unknown): DockerArchiveEntry | undefined {
  if (typeof entry !== "object" || entry === null || !("Config" in entry)) {
    return undefined;
  }
  const names = textList("RepoTags" in entry ? entry.RepoTags : null);
  const layers = textList("Layers" in entry ? entry.Layers : null);
  return typeof entry.Config === "string" && names !== undefined && layers !== undefined
    ? { config: entry.Config, names, layers }
    : undefined;
}

/** Go writes an empty list as null. */
function textList(value: unknown): readonly string[] | undefined {
  if (value === null) {
    return [];
  }
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isTexts ? value : undefined;
}

/** Adds an image to a source. Returns the descriptor of the manifest that is made for it. */
export async function addDockerImage(
  source: AssembledSource,
  members: Members,
  entry: DockerArchiveEntry,
): Promise<Descriptor> {
  const member = requireMember(members, entry.config);
  const config = await readWhole(member, IMAGE_DOCUMENT_LENGTH_MAX);
  const subject = `${quote(entry.config)} in ${members.description}`;
  const diffIds = decodeImage(decodeText(config), { subject }).rootfs.diff_ids;
  if (diffIds.length !== entry.layers.length) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject,
      reason: `it lists ${diffIds.length} layers, ${DOCKER_MANIFESTS} ${entry.layers.length}`,
    });
  }
  const layers: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const layer = requireMember(members, entry.layers[index] ?? "");
    const descriptor = await describeLayer(layer, diffId);
    source.addBlob(descriptor.digest, layer);
    layers.push(descriptor);
  }
  return addManifest(source, source.addDocument(config, OCI_CONFIG), layers);
}

export function addManifest(
  source: AssembledSource,
  config: Descriptor,
  layers: readonly Descriptor[],
): Descriptor {
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  return source.addDocument(encodeText(JSON.stringify(manifest)), OCI_MANIFEST);
}

/** The image's id, which is what the configuration's digest is. */
export async function dockerImageId(members: Members, entry: DockerArchiveEntry): Promise<Digest> {
  return sha256(await readWhole(requireMember(members, entry.config), IMAGE_DOCUMENT_LENGTH_MAX));
}

/** An uncompressed layer is its own DiffID; a compressed one has a digest that has to be computed. */
async function describeLayer(layer: Member, diffId: Digest): Promise<Descriptor> {
  const compression = await compressionOf(layer);
  const digest = compression === "none" ? diffId : await digestOfMember(layer);
  return { mediaType: LAYER_TYPES[compression], digest, size: layer.size };
}

async function compressionOf(layer: Member): Promise<LayerCompression> {
  for await (const chunk of layer.read(0)) {
    return detectCompression(chunk);
  }
  return "none";
}
