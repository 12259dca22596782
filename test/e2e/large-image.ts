// An image of any size, for tests of what large ones take: its layers are written as they are made up, and
// compress to a fifteenth of their size.

import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP } from "../../src/oci/media-types.ts";
import type { TestLayout } from "../fixtures/image-layout.ts";
import { header } from "../fixtures/tar-archive.ts";

const FILES_A_FOLDER = 100;
/** Repeated, they are neither empty nor incompressible. */
const NOISE = randomBytes(4096);
const END = Buffer.alloc(1024);
const PLATFORM = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };

export interface LargeImage {
  /** Of all files. */
  readonly bytes: number;
  readonly layers: number;
  /** Of each file. */
  readonly fileBytes: number;
}

/** In layers of the same size. The layout is of this image alone. */
export function addLargeImage(
  layout: TestLayout,
  { bytes, layers, fileBytes }: LargeImage,
): Descriptor {
  const made = Array.from({ length: layers }, (_, index) =>
    writeLayer(layout, `layer-${index}`, { count: bytes / layers / fileBytes, fileBytes }),
  );
  const rootfs = { type: "layers", diff_ids: made.map(({ diffId }) => diffId) };
  const config = layout.addDocument({ ...PLATFORM, rootfs }, OCI_CONFIG);
  return layout.addManifest(
    config,
    made.map(({ blob }) => blob),
  );
}

/** gzip members that follow each other are one stream: the content is compressed once. */
function writeLayer(
  layout: TestLayout,
  name: string,
  { count, fileBytes }: { readonly count: number; readonly fileBytes: number },
) {
  const path = join(layout.folder, name);
  const fd = openSync(path, "w", 0o600);
  const [archive, blob] = [createHash("sha256"), createHash("sha256")];
  let size = 0;
  const add = (content: Buffer, packed: Buffer): void => {
    archive.update(content);
    blob.update(packed);
    size += writeSync(fd, packed);
  };
  const content = Buffer.alloc(fileBytes, NOISE);
  const packedContent = gzipSync(content, { level: 1 });
  for (let file = 0; file < count; file += 1) {
    const folder = Math.floor(file / FILES_A_FOLDER);
    const head = header({ name: `${name}/${folder}/${file}`, size: fileBytes });
    add(head, gzipSync(head, { level: 1 }));
    add(content, packedContent);
  }
  add(END, gzipSync(END));
  closeSync(fd);
  const descriptor: Descriptor = {
    mediaType: OCI_LAYER_GZIP,
    digest: `sha256:${blob.digest("hex")}`,
    size,
  };
  renameSync(path, layout.blobPath(descriptor));
  return { blob: descriptor, diffId: `sha256:${archive.digest("hex")}` };
}
