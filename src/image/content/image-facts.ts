// What is worth knowing of a manifest without reading it: what lists of images show.

import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { isConfigType } from "../../oci/media-types.ts";
import { parseJson } from "../../store/parse-json.ts";
import type { StoredManifest } from "./image-graph.ts";

export interface ImageFacts {
  readonly manifest: Digest;
  /** The digest of the configuration: the image's ID. */
  readonly config: Digest;
  /** "artifact": content that no container runs. */
  readonly kind: "image" | "artifact";
  /** "linux", "arm64", "v8"; of an image. */
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  /** RFC 3339. */
  readonly created?: string;
  /** Bytes of manifest, configuration and layers, as they are transferred. */
  readonly size: number;
  /** The base layer first. */
  readonly layers: readonly Digest[];
  /** Of the uncompressed layers; none for an artifact. */
  readonly diffIds: readonly Digest[];
  readonly labels: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

export function imageFacts({ descriptor, manifest, image }: StoredManifest): ImageFacts {
  const { config, layers } = manifest;
  const parts: readonly Pick<Descriptor, "size">[] = [descriptor, config, ...layers];
  const artifactType = manifest.artifactType ?? descriptor.artifactType;
  return {
    manifest: descriptor.digest,
    config: config.digest,
    kind: isConfigType(config.mediaType) ? "image" : "artifact",
    size: parts.reduce((sum, { size }) => sum + size, 0),
    layers: layers.map(({ digest }) => digest),
    diffIds: image?.rootfs.diff_ids ?? [],
    labels: image?.config?.Labels ?? {},
    ...(image === undefined ? {} : { os: image.os, architecture: image.architecture }),
    ...(image?.variant === undefined ? {} : { variant: image.variant }),
    ...(image?.created === undefined ? {} : { created: image.created }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

/** Of the JSON that was made of facts. Undefined: it is none. */
export function parseImageFacts(text: string): ImageFacts | undefined {
  const facts = parseJson(text);
  return isImageFacts(facts) ? facts : undefined;
}

function isImageFacts(value: unknown): value is ImageFacts {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return (
    isDigestText(fields["manifest"]) &&
    isDigestText(fields["config"]) &&
    (fields["kind"] === "image" || fields["kind"] === "artifact") &&
    typeof fields["size"] === "number" &&
    isDigestList(fields["layers"]) &&
    isDigestList(fields["diffIds"]) &&
    typeof fields["labels"] === "object" &&
    OPTIONAL_TEXTS.every((name) => ["string", "undefined"].includes(typeof fields[name]))
  );
}

const OPTIONAL_TEXTS = ["os", "architecture", "variant", "created", "artifactType"];

function isDigestText(value: unknown): boolean {
  return typeof value === "string" && isDigest(value);
}

function isDigestList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isDigestText);
}
