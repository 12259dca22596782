// The media types of images, OCI's and Docker's, and what each says about the content.
// Sources: image-spec media-types.md; Docker's "Image Manifest Version 2, Schema 2".

export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
export const OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
export const OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd";
/** Layers that may not be passed on; their descriptors say where they are. */
export const OCI_FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar";
export const OCI_FOREIGN_LAYER_GZIP = `${OCI_FOREIGN_LAYER}+gzip`;
export const OCI_FOREIGN_LAYER_ZSTD = `${OCI_FOREIGN_LAYER}+zstd`;
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";

export const DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
export const DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip";
export const DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd";

export const DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar";
export const DOCKER_FOREIGN_LAYER_GZIP = `${DOCKER_FOREIGN_LAYER}.gzip`;

export type LayerCompression = "none" | "gzip" | "zstd";

const LAYERS: ReadonlyMap<string, LayerCompression> = new Map<string, LayerCompression>([
  [OCI_LAYER, "none"],
  [OCI_LAYER_GZIP, "gzip"],
  [OCI_LAYER_ZSTD, "zstd"],
  [OCI_FOREIGN_LAYER, "none"],
  [OCI_FOREIGN_LAYER_GZIP, "gzip"],
  [OCI_FOREIGN_LAYER_ZSTD, "zstd"],
  [DOCKER_LAYER, "none"],
  [DOCKER_LAYER_GZIP, "gzip"],
  [DOCKER_LAYER_ZSTD, "zstd"],
  [DOCKER_FOREIGN_LAYER, "none"],
  [DOCKER_FOREIGN_LAYER_GZIP, "gzip"],
]);

/** How a layer is compressed; nothing when the content is no layer that can be unpacked. */
export function layerCompression(mediaType: string): LayerCompression | undefined {
  return LAYERS.get(mediaType);
}

/** Its content may not be pushed elsewhere, and may have to be fetched from the descriptor's URLs. */
export function isForeignLayer(mediaType: string): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".foreign.");
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** An image's configuration; other configurations belong to artifacts that no container runs. */
export function isConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}
