// An OCI image layout as a source of images. Its files are not trusted: what is read is a regular file of
// the right size, and who takes it checks the digest.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { IMAGE_DOCUMENT_LENGTH_MAX } from "../oci/parse/image.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { readAll } from "../sys/file.ts";
import { bytes } from "../sys/memory.ts";
import type { ImageSource } from "./image-source.ts";
import { blobPath } from "./layout-documents.ts";
import { openBlob } from "./unpack/blob.ts";

const CHUNK_BYTES = 1024 * 1024;

export class LayoutSource implements ImageSource {
  readonly description: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.description = `the layout ${quote(folder)}`;
  }

  async document({ digest }: Descriptor): Promise<Uint8Array> {
    using file = openBlob(blobPath(this.#folder, digest));
    const content = readAll(file.number, `the blob ${digest}`, IMAGE_DOCUMENT_LENGTH_MAX);
    return await Promise.resolve(content);
  }

  async *blob({ digest, size }: Descriptor, offset: number): AsyncGenerator<Uint8Array, void> {
    using file = openBlob(blobPath(this.#folder, digest));
    for (let read = offset; ; ) {
      const buffer = bytes(CHUNK_BYTES);
      const result = call("pread64", file.number, addressOf(buffer), buffer.length, read);
      const count = checked(result, "read the blob", digest);
      read += count;
      if (read > size) {
        throw new OcicatError("invalid-config", {
          operation: "read",
          subject: `the blob ${digest}`,
          reason: `it is longer than ${size} bytes`,
        });
      }
      if (count === 0) {
        return;
      }
      yield buffer.subarray(0, count);
    }
  }

  localPath({ digest }: Descriptor): string {
    return blobPath(this.#folder, digest);
  }
}
