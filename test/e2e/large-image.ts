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

const FILE_BYTES = 64 * 1024;
const FILES_A_FOLDER = 100;
/** Random bytes that repeat: neither empty nor incompressible. */
const CONTENT = Buffer.alloc(FILE_BYTES, randomBytes(4096));
const END = Buffer.alloc(1024);
const PLATFORM = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };

/** `bytes` of uncompressed archives, in so many layers of the same size. The layout is of this image alone. */
export function addLargeImage(
  layout: TestLayout,
  { bytes, layers }: { readonly bytes: number; readonly layers: number },
): Descriptor {
  const made = Array.from({ length: layers }, (_, index) =>
    writeLayer(layout, `layer-${index}`, bytes / layers),
  );
  const rootfs = { type: "layers", diff_ids: made.map(({ diffId }) => diffId) };
  const config = layout.addDocument({ ...PLATFORM, rootfs }, OCI_CONFIG);
  return layout.addManifest(
    config,
    made.map(({ blob }) => blob),
  );
}

/** gzip members that follow each other are one stream: the content is compressed once. */
function writeLayer(layout: TestLayout, name: string, bytes: number) {
  const path = join(layout.folder, name);
  const fd = openSync(path, "w", 0o600);
  const [archive, blob] = [createHash("sha256"), createHash("sha256")];
  let size = 0;
  const add = (content: Buffer, packed: Buffer): void => {
    archive.update(content);
    blob.update(packed);
    size += writeSync(fd, packed);
  };
  const packedContent = gzipSync(CONTENT, { level: 1 });
  for (let file = 0; file * FILE_BYTES < bytes; file += 1) {
    const folder = Math.floor(file / FILES_A_FOLDER);
    const head = header({ name: `${name}/${folder}/${file}`, size: FILE_BYTES });
    add(head, gzipSync(head, { level: 1 }));
    add(CONTENT, packedContent);
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
