// The archive of `docker save` before Docker 1.10, which has no manifest.json:
//
//   repositories        {"NAME": {"TAG": ID, ...}, ...}
//   ID/layer.tar        one layer
//   ID/json             {"id": ID, "parent": ID of the layer below, "config": ..., "created": ...}: the
//                       image as it is with this layer on top
//
// The configuration of today is made of these as Docker does it (image/v1 MakeConfigFromV1Config); there
// is none whose bytes could be kept. Source: Docker's image specification v1.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER } from "../../oci/media-types.ts";
import { decodeImage, IMAGE_DOCUMENT_LENGTH_MAX } from "../../oci/parse/image.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { type AssembledSource, digestOfMember } from "./assembled-source.ts";
import { addManifest } from "./docker-archive.ts";
import { type ArchiveImage, wholeNames } from "./image-names.ts";
import { type Member, type Members, readWhole, requireMember } from "./members.ts";

export const LEGACY_NAMES = "repositories";

const MOST_LAYERS = 500;
/** What was said about a layer and its place, and not about the image. */
const LAYER_KEYS = ["id", "parent", "Size", "parent_id", "layer_id", "throwaway"];

type JsonObject = Readonly<Record<string, unknown>>;

interface LegacyLayer {
  readonly description: JsonObject;
  readonly layer: Member;
}

/** Adds every image that has a name. */
export async function addLegacyImages(
  source: AssembledSource,
  members: Members,
): Promise<readonly ArchiveImage[]> {
  const images: ArchiveImage[] = [];
  for (const [repository, tags] of Object.entries(await readObject(members, LEGACY_NAMES))) {
    for (const [tag, id] of Object.entries(isObject(tags) ? tags : {})) {
      if (typeof id !== "string") {
        throw refused(members, LEGACY_NAMES, `${quote(repository)} has no layer id`);
      }
      const names = wholeNames([`${repository}:${tag}`]);
      images.push({ descriptor: await addImage(source, members, id), names });
    }
  }
  return images;
}

async function addImage(source: AssembledSource, members: Members, id: string) {
  const chain = await readChain(members, id);
  const digests: Digest[] = [];
  for (const { layer } of chain) {
    const digest = await digestOfMember(layer);
    source.addBlob(digest, layer);
    digests.push(digest);
  }
  const text = JSON.stringify(configuration(chain, digests));
  decodeImage(text, { subject: `${quote(`${id}/json`)} in ${members.description}` });
  const layers = chain.map(({ layer }, index) => ({
    mediaType: OCI_LAYER,
    digest: digests[index] ?? `sha256:${id}`,
    size: layer.size,
  }));
  return addManifest(source, source.addDocument(encodeText(text), OCI_CONFIG), layers);
}

/** The base layer first. */
async function readChain(members: Members, top: string): Promise<LegacyLayer[]> {
  const chain: LegacyLayer[] = [];
  for (let id: unknown = top; typeof id === "string" && id !== ""; ) {
    if (chain.length === MOST_LAYERS) {
      throw refused(members, `${top}/json`, `it has more than ${MOST_LAYERS} layers`);
    }
    const description = await readObject(members, `${id}/json`);
    chain.unshift({ description, layer: requireMember(members, `${id}/layer.tar`) });
    id = description["parent"];
  }
  return chain;
}

function configuration(chain: readonly LegacyLayer[], diffIds: readonly Digest[]): JsonObject {
  const top = chain.at(-1)?.description ?? {};
  const kept = Object.entries(top).filter(([key]) => !LAYER_KEYS.includes(key));
  const all: JsonObject = {
    architecture: "amd64",
    os: "linux",
    ...Object.fromEntries(kept),
    rootfs: { type: "layers", diff_ids: diffIds },
    history: chain.map(({ description }) => historyOf(description)),
  };
  return Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function historyOf(description: JsonObject): JsonObject {
  const { created, author, comment, container_config: container } = description;
  const command = isObject(container) ? container["Cmd"] : undefined;
  return {
    ...(typeof created === "string" ? { created } : {}),
    ...(typeof author === "string" ? { author } : {}),
    ...(Array.isArray(command) ? { created_by: command.join(" ") } : {}),
    ...(typeof comment === "string" ? { comment } : {}),
  };
}

async function readObject(members: Members, name: string): Promise<JsonObject> {
  const member = requireMember(members, name);
  const text = decodeText(await readWhole(member, IMAGE_DOCUMENT_LENGTH_MAX));
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Not JSON: the same as JSON that is no object.
  }
  if (!isObject(document)) {
    throw refused(members, name, "it is not a JSON object");
  }
  return document;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(members: Members, name: string, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "read",
    subject: `${quote(name)} in ${members.description}`,
    reason,
  });
}
