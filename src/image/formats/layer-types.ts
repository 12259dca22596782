// The media types of layers and manifests, by who named them and how a layer is compressed; and
// manifests written anew with other layers or other types.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageManifest } from "../../oci/image-spec.ts";
import {
  DOCKER_CONFIG,
  DOCKER_FOREIGN_LAYER,
  DOCKER_FOREIGN_LAYER_GZIP,
  DOCKER_INDEX,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  isConfigType,
  isForeignLayer,
  type LayerCompression,
  layerCompression,
  OCI_CONFIG,
  OCI_FOREIGN_LAYER,
  OCI_FOREIGN_LAYER_GZIP,
  OCI_FOREIGN_LAYER_ZSTD,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import { encodeText } from "../../sys/memory.ts";

export type TypeFamily = "oci" | "docker";

type LayerTypes = Readonly<Record<LayerCompression, string | undefined>>;

interface FamilyTypes {
  readonly index: string;
  readonly manifest: string;
  readonly config: string;
  readonly layers: LayerTypes;
  readonly foreignLayers: LayerTypes;
}

const FAMILIES: Readonly<Record<TypeFamily, FamilyTypes>> = {
  oci: {
    index: OCI_INDEX,
    manifest: OCI_MANIFEST,
    config: OCI_CONFIG,
    layers: { none: OCI_LAYER, gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD },
    foreignLayers: {
      none: OCI_FOREIGN_LAYER,
      gzip: OCI_FOREIGN_LAYER_GZIP,
      zstd: OCI_FOREIGN_LAYER_ZSTD,
    },
  },
  docker: {
    index: DOCKER_INDEX,
    manifest: DOCKER_MANIFEST,
    config: DOCKER_CONFIG,
    // Docker's specification has no zstd, and Docker and podman refuse such manifests.
    layers: { none: DOCKER_LAYER, gzip: DOCKER_LAYER_GZIP, zstd: undefined },
    foreignLayers: {
      none: DOCKER_FOREIGN_LAYER,
      gzip: DOCKER_FOREIGN_LAYER_GZIP,
      zstd: undefined,
    },
  },
};

export function familyOf(mediaType: string): TypeFamily {
  return mediaType.startsWith("application/vnd.docker.") ? "docker" : "oci";
}

/**
 * Of the layer in another family or compression: one that may not be passed on stays so. Throws
 * "unsupported" for zstd in Docker's types.
 */
export function layerType(
  { mediaType }: Pick<Descriptor, "mediaType">,
  family: TypeFamily,
  compression: LayerCompression,
): string {
  const types = FAMILIES[family];
  const type = (isForeignLayer(mediaType) ? types.foreignLayers : types.layers)[compression];
  if (type === undefined) {
    throw new OcicatError("unsupported", {
      operation: "describe",
      subject: `a layer in ${compression}`,
      reason: "Docker's media types have none for it",
      hint: "use OCI's media types (--format oci), or gzip",
    });
  }
  return type;
}

/** The same layer, described in the media types of a family. */
export function retypeLayer(layer: Descriptor, family: TypeFamily): Descriptor {
  const compression = layerCompression(layer.mediaType) ?? "none";
  return familyOf(layer.mediaType) === family
    ? layer
    : { ...layer, mediaType: layerType(layer, family, compression) };
}

export function indexType(family: TypeFamily): string {
  return FAMILIES[family].index;
}

export interface EncodedManifest {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
}

/**
 * The same manifest with other layers, in the media types of a family: annotations and whatever else it
 * has stay. The configuration stays as it is, only its type may change its name.
 */
export function encodeManifest(
  manifest: ImageManifest,
  layers: readonly Descriptor[],
  family: TypeFamily,
): EncodedManifest {
  const types = FAMILIES[family];
  const { mediaType } = manifest.config;
  const config = isConfigType(mediaType)
    ? { ...manifest.config, mediaType: types.config }
    : manifest.config;
  const document = { ...manifest, mediaType: types.manifest, config, layers };
  return { content: encodeText(JSON.stringify(document)), mediaType: types.manifest };
}

/** What describes a layer's compressed bytes, and nothing once they are others. */
const TABLE_OF_CONTENTS =
  /^(io\.github\.containers\.zstd-chunked\.|containerd\.io\/snapshot\/stargz\/)/;

/** The descriptor of the same layer in another compression. */
export function redescribe(
  layer: Descriptor,
  content: Pick<Descriptor, "mediaType" | "digest" | "size">,
): Descriptor {
  const { annotations = {} } = layer;
  const kept = Object.entries(annotations).filter(([key]) => !TABLE_OF_CONTENTS.test(key));
  return {
    mediaType: content.mediaType,
    digest: content.digest,
    size: content.size,
    ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
  };
}
