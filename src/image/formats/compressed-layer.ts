// A layer in another compression, until it has found its place: in a file of the store's staging that has no
// name.

import type { Digest } from "../../oci/digest.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { OwnedFd } from "../../sys/file.ts";
import type { ContentStore } from "../content/content-store.ts";
import { makeNamelessFile, spoolWriter } from "./archive-input.ts";
import { compress } from "./compress.ts";
import { readRange } from "./file-range.ts";
import type { Member } from "./members.ts";

export interface CompressRequest {
  readonly compression: LayerCompression;
  readonly level?: number | undefined;
  /** Takes over the file. */
  readonly resources: DisposableStack;
  readonly signal?: AbortSignal | undefined;
  /** How much of the archive has gone in. */
  readonly onProgress?: (bytes: number) => void;
}

export interface CompressedLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly member: Member;
}

/** `archive`: the layer's archive, uncompressed. */
export async function compressLayer(
  store: ContentStore,
  archive: Member,
  request: CompressRequest,
): Promise<CompressedLayer> {
  const { compression, level, resources, signal } = request;
  const fd = makeNamelessFile(store.folders);
  resources.use(new OwnedFd(fd));
  const write = spoolWriter(fd, signal);
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  const choice = { compression, ...(level === undefined ? {} : { level }) };
  await compress(observed(archive, request), choice, (chunk) => {
    hasher.update(chunk);
    write(chunk);
    size += chunk.length;
  });
  const digest: Digest = `sha256:${hasher.digest("hex")}`;
  const name = `the layer ${digest}`;
  const read = (offset: number) => readRange(fd, { offset, length: size - offset }, name);
  return { digest, size, member: { name, size, read } };
}

async function* observed(
  archive: Member,
  { onProgress }: CompressRequest,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const chunk of archive.read(0)) {
    bytes += chunk.length;
    onProgress?.(bytes);
    yield chunk;
  }
}
