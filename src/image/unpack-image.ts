// Brings an image of a layout into the store: its layers, from the lowest up, then the record that lets
// the next run skip all of this. Cold code: reached through import() only.

import { O_CREAT, O_TRUNC, O_WRONLY } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { formatPlatform, type Platform } from "../oci/platform.ts";
import { Store } from "../store/layout.ts";
import { lock } from "../store/lock.ts";
import { sweepStaging } from "../store/sweep-staging.ts";
import { OwnedFd, openAt, renameAt, writeAll } from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";
import { ensureLayer } from "./layer-store.ts";
import {
  blobPath,
  checkLayout,
  describeBlob,
  type LayoutManifest,
  readManifest,
} from "./layout-documents.ts";
import {
  type ImageRecord,
  layerName,
  layerPath,
  type Ownership,
  recordName,
  recordText,
} from "./record.ts";
import type { ResolveOptions } from "./resolve.ts";

export interface UnpackRequest {
  readonly folder: string;
  /** What index.json says; undefined: only the digest is known. */
  readonly descriptor: Descriptor | undefined;
  readonly digest: Digest;
  readonly platform: Platform;
  readonly storeRoot: string;
  readonly ownership: Ownership;
}

export async function unpackImage(
  request: UnpackRequest,
  options: ResolveOptions,
): Promise<ImageRecord> {
  const { folder, platform } = request;
  checkLayout(folder);
  const descriptor = request.descriptor ?? describeBlob(folder, request.digest);
  const found = readManifest(folder, descriptor, platform);
  checkPlatform(found, platform, options);
  using store = new Store(request.storeRoot);
  sweepStaging(store);
  const { layers, notes } = await ensureLayers(store, request, found, options);
  const record: ImageRecord = {
    manifest: found.digest,
    config: found.manifest.config.digest,
    root: { format: "directory", layers },
    image: found.image,
    notes,
  };
  await writeRecord(store, recordName(request.digest, platform, request.ownership), record);
  return record;
}

/** Not forced to the disk: a record that a power cut spoils is no record, and is made again. */
async function writeRecord(store: Store, name: string, record: ImageRecord): Promise<void> {
  const staging = store.staging.number;
  using _held = await lock(staging, `${name}.lock`);
  {
    using file = new OwnedFd(openAt(staging, name, O_WRONLY | O_CREAT | O_TRUNC, 0o600));
    writeAll(file.number, encodeText(recordText(record)), name);
  }
  renameAt(staging, name, store.images.number, name);
}

async function ensureLayers(
  store: Store,
  { folder, storeRoot, ownership }: UnpackRequest,
  { manifest, image }: LayoutManifest,
  options: ResolveOptions,
): Promise<{ readonly layers: readonly string[]; readonly notes: readonly string[] }> {
  const layers: string[] = [];
  const notes: string[] = [];
  let chainId = "";
  for (const [index, diffId] of image.rootfs.diff_ids.entries()) {
    const blob = manifest.layers[index];
    if (blob === undefined) {
      break;
    }
    chainId = nextChainId(chainId, diffId);
    const name = layerName(chainId, ownership);
    const lower = layers.map((layer) => layerPath(storeRoot, layer));
    const source = { blobPath: blobPath(folder, blob.digest), blob, diffId };
    const request = { name, source, lower, ownership } as const;
    const layerNotes = await ensureLayer(store, request, layerEvents(blob, options));
    notes.push(...layerNotes.map((note) => `${blob.digest}: ${note}`));
    layers.unshift(name);
  }
  return { layers, notes };
}

function layerEvents(blob: Descriptor, { onProgress, limits }: ResolveOptions) {
  return {
    ...(limits === undefined ? {} : { limits }),
    onWait: () => onProgress?.({ kind: "waiting", layer: blob.digest }),
    onRead: (bytes: number) =>
      onProgress?.({ kind: "unpacking", layer: blob.digest, bytes, of: blob.size }),
  };
}

/** image-spec config.md, "Layer ChainID". */
function nextChainId(below: string, diffId: Digest): string {
  if (below === "") {
    return diffId;
  }
  const hasher = new Bun.CryptoHasher("sha256");
  return `sha256:${hasher.update(`${below} ${diffId}`).digest("hex")}`;
}

/** Only what the user asked for is enforced: images without a right platform run all the same. */
function checkPlatform(
  { image, digest }: LayoutManifest,
  wanted: Platform,
  options: ResolveOptions,
): void {
  const matches = image.os === wanted.os && image.architecture === wanted.architecture;
  if (options.platform !== undefined && !matches) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `an image for ${formatPlatform(wanted)}`,
      reason: `${quote(digest)} is for ${image.os}/${image.architecture}`,
    });
  }
}
