// The same image otherwise packed, and images that few programs make: layers in zstd or without
// compression, digests by sha512, an index of two platforms, an artifact that refers to an image.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { DigestAlgorithm } from "../../src/oci/digest.ts";
import type { Image, ImageManifest } from "../../src/oci/image-spec.ts";
import {
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "../../src/oci/media-types.ts";
import { decodeImage, decodeIndex, decodeManifest } from "../../src/oci/parse/image.ts";
import { IMAGE_TAG } from "../../tools/peers/images.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { digestBy } from "../fixtures/unpacked-layers.ts";

export interface Packing {
  readonly compression: "none" | "gzip" | "zstd";
  readonly algorithm: DigestAlgorithm;
}

interface ReadImage {
  readonly manifest: ImageManifest;
  readonly image: Image;
  /** Without compression. */
  readonly archives: readonly Buffer[];
}

/** Writes the image of a layout as another layout. */
export function repack(layout: string, folder: string, packing: Packing): Descriptor {
  const { image, archives } = readImage(layout);
  const target = new TestLayout(folder);
  const { algorithm } = packing;
  const layers = archives.map((archive) => {
    const { content, mediaType } = compress(archive, packing.compression);
    return target.addBlob(content, mediaType, algorithm);
  });
  const diffIds = archives.map((archive) => digestBy(algorithm, archive));
  const config = { ...image, rootfs: { type: "layers", diff_ids: diffIds } };
  const configuration = target.addBlob(JSON.stringify(config), OCI_CONFIG, algorithm);
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configuration, layers };
  const top = target.addBlob(JSON.stringify(manifest), OCI_MANIFEST, algorithm);
  target.setIndex([named(top, IMAGE_TAG)]);
  return top;
}

export interface MultiPlatform {
  readonly index: Descriptor;
  readonly amd64: Descriptor;
  readonly arm64: Descriptor;
}

/** An index of two platforms, each with a layer of its own; no program of theirs runs. */
export function writeMultiPlatform(folder: string, layer: (name: string) => Buffer): MultiPlatform {
  const layout = new TestLayout(folder);
  const add = (architecture: string): Descriptor => {
    const platform = { os: "linux", architecture };
    return { ...layout.addImage({ layers: [layer(architecture)], platform }), platform };
  };
  const amd64 = add("amd64");
  const arm64 = add("arm64");
  const index = layout.addIndex([amd64, arm64]);
  layout.setIndex([named(index, IMAGE_TAG)]);
  return { index, amd64, arm64 };
}

/** A layout with nothing but an artifact whose subject is an image elsewhere. */
export function writeArtifact(folder: string, subject: Descriptor, content: string): Descriptor {
  const layout = new TestLayout(folder);
  const { mediaType, digest, size } = subject;
  const artifact = layout.addDocument(
    {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: "application/vnd.example.signature",
      config: layout.addBlob("{}", OCI_EMPTY),
      layers: [layout.addBlob(content, "text/plain")],
      subject: { mediaType, digest, size },
      annotations: { "org.example.purpose": "test" },
    },
    OCI_MANIFEST,
  );
  layout.setIndex([named(artifact, IMAGE_TAG)]);
  return artifact;
}

function readImage(layout: string): ReadImage {
  const read = (digest: string): Buffer =>
    readFileSync(join(layout, "blobs", digest.replace(":", "/")));
  const [top] = decodeIndex(readFileSync(join(layout, "index.json"), "utf8")).manifests;
  const manifest = decodeManifest(read(top?.digest ?? "").toString());
  const image = decodeImage(read(manifest.config.digest).toString());
  const archives = manifest.layers.map(({ digest }) => gunzipSync(read(digest)));
  return { manifest, image, archives };
}

function compress(
  archive: Buffer,
  compression: Packing["compression"],
): { content: Buffer; mediaType: string } {
  switch (compression) {
    case "none":
      return { content: archive, mediaType: OCI_LAYER };
    case "gzip":
      return { content: gzipSync(archive), mediaType: OCI_LAYER_GZIP };
    case "zstd":
      return { content: Bun.zstdCompressSync(archive), mediaType: OCI_LAYER_ZSTD };
  }
}
